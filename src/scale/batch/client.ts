import type { OpenAI } from "openai";
import { ModelError } from "../../core/index.ts";
import type { EndpointOptions } from "../../lm/index.ts";
import { Endpoint } from "../../lm/endpoint.ts";
import { retry } from "../../lm/retry.ts";
import type { BatchAnswer } from "./journal.ts";

/** One line of a batch's input file. */
export interface BatchRequest {
  key: string;
  /** The body of a chat completion, as JSON text. */
  body: string;
}

/** How a batch stands. */
export type BatchState = Pick<
  OpenAI.Batches.Batch,
  "id" | "status" | "output_file_id" | "error_file_id" | "errors"
>;

const markMember = "lmframe";

/** One line of an output or error file. */
interface ResultLine {
  custom_id?: string;
  response?: { status_code?: number; body?: unknown } | null;
  error?: { code?: string; message?: string } | null;
}

/** The batch interface of an OpenAI-compatible endpoint (https://platform.openai.com/docs/guides/batch). */
export class BatchClient {
  readonly #endpoint: Endpoint;
  readonly #signal: AbortSignal;

  constructor(options: EndpointOptions, signal: AbortSignal) {
    this.#endpoint = new Endpoint({ timeout: 600, ...options });
    this.#signal = signal;
  }

  /** True for OpenAI's own endpoint, whose prices are known. */
  get isOpenAI(): boolean {
    return this.#endpoint.isOpenAI;
  }

  /** Uploads the requests of a batch and gives the file's id. */
  async upload(mark: string, requests: readonly BatchRequest[]): Promise<string> {
    const lines = requests.map(
      ({ key, body }) =>
        `{"custom_id":${JSON.stringify(key)},"method":"POST","url":"/v1/chat/completions","body":${body}}\n`,
    );
    const { toFile } = await import("openai");
    const content = Buffer.from(lines.join(""));
    const { id } = await this.#call(async (client, signal) =>
      client.files.create({ file: await toFile(content, `${mark}.jsonl`), purpose: "batch" }, { signal }),
    );
    return id;
  }

  /**
   * Makes a batch of an uploaded file, once, however often it takes; gives its id. Where that ends in an
   * UnreachableError, the batch may still have been made.
   */
  async create(mark: string, input_file_id: string): Promise<string> {
    let tried = false;
    return this.#call(async (client, signal) => {
      // The answer to the first attempt may be lost, and the batch be there.
      const found = tried ? await this.#find(client, mark, signal) : undefined;
      tried = true;
      if (found !== undefined) return found;
      const { id } = await client.batches.create(
        {
          input_file_id,
          endpoint: "/v1/chat/completions",
          completion_window: "24h",
          metadata: { [markMember]: mark },
        },
        { signal },
      );
      return id;
    });
  }

  /** The id of the batch with this mark; undefined where there is none. */
  find(mark: string): Promise<string | undefined> {
    return this.#call((client, signal) => this.#find(client, mark, signal));
  }

  state(id: string): Promise<BatchState> {
    return this.#call((client, signal) => client.batches.retrieve(id, { signal }));
  }

  /** What the requests of a batch that ended were answered, by key; those that it never came to are not there. */
  async answers(state: BatchState): Promise<Map<string, BatchAnswer>> {
    const answers = new Map<string, BatchAnswer>();
    for (const file of [state.output_file_id, state.error_file_id]) {
      if (!file) continue;
      const text = await this.#call(async (client, signal) =>
        (await client.files.content(file, { signal })).text(),
      );
      for (const line of text.split("\n")) {
        if (line.trim() === "") continue;
        const { custom_id, response, error } = readLine(line);
        if (custom_id === undefined) continue;
        // A request without a response was not tried: its time ran out.
        answers.set(custom_id, {
          status: response?.status_code ?? 503,
          body: response?.body ?? { error: { message: error?.message ?? "no answer", code: error?.code } },
        });
      }
    }
    return answers;
  }

  async #find(client: OpenAI, mark: string, signal: AbortSignal): Promise<string | undefined> {
    for await (const { id, metadata } of client.batches.list({ limit: 100 }, { signal })) {
      if (metadata?.[markMember] === mark) return id;
    }
    return undefined;
  }

  #call<T>(body: (client: OpenAI, signal: AbortSignal) => Promise<T>): Promise<T> {
    const once = () => this.#endpoint.call(this.#signal, (client, { signal }) => body(client, signal));
    return retry(once, {}, this.#signal);
  }
}

function readLine(line: string): ResultLine {
  try {
    return JSON.parse(line) as ResultLine;
  } catch {
    throw new ModelError("the batch's output file holds a line that is not JSON");
  }
}
