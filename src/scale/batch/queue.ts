import { createHash, randomUUID } from "node:crypto";
import { errorText, RateLimitError, UnreachableError } from "../../core/index.ts";
import type { BatchClient, BatchRequest, BatchState } from "./client.ts";
import type { BatchAnswer, BatchJournal } from "./journal.ts";

/** When requests are sent off, and how often their batch is looked after. */
export interface QueueOptions {
  /** Seconds without a further request after which those that wait are sent. */
  gather: number;
  /** Seconds between two looks at a batch. */
  poll: number;
  /** Requests of one batch at most. */
  requests: number;
  /** Bytes of one batch at most. */
  bytes: number;
}

interface Waiting {
  resolve: (answer: BatchAnswer) => void;
  reject: (error: unknown) => void;
}

/**
 * Gathers chat requests into batches and answers each once its batch has ended. To a client it is a `fetch` whose answers
 * take hours. What is asked again in the same words is another request; the same run in another process asks the same
 * ones, and finds in the journal what was answered, and what is under way.
 */
export class BatchQueue {
  readonly #client: BatchClient;
  readonly #journal: BatchJournal;
  readonly #options: QueueOptions;
  readonly #signal: AbortSignal;
  readonly #giveUp: (error: unknown) => void;
  readonly #times = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  /** Requests that were sent, by an earlier process too, whose batch has not ended. */
  readonly #underWay = new Set<string>();
  #gathered: BatchRequest[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #warned = false;

  /**
   * @param signal ends all waiting.
   * @param giveUp is told what keeps away the answers of a batch that was sent. Whoever asked for them would ask, and
   * pay, again: it is to abort the signal.
   */
  constructor(
    client: BatchClient,
    journal: BatchJournal,
    options: QueueOptions,
    signal: AbortSignal,
    giveUp: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#journal = journal;
    this.#options = options;
    this.#signal = signal;
    this.#giveUp = giveUp;
    for (const { mark, id, keys } of journal.open) {
      for (const key of keys) this.#underWay.add(key);
      this.#follow(mark, keys, async () => id ?? (await this.#patiently(() => client.find(mark))));
    }
    signal.addEventListener("abort", () => this.#fail([...this.#waiting.keys()], signal.reason), {
      once: true,
    });
  }

  /** Sends a chat request as part of a batch. */
  readonly fetch: typeof globalThis.fetch = async (_address, init) => {
    const { status, body } = await this.#ask(init?.body as string);
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  };

  #ask(body: string): Promise<BatchAnswer> {
    const key = this.#keyOf(body);
    const known = this.#journal.answer(key);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) return reject(this.#signal.reason as Error);
      this.#waiting.set(key, { resolve, reject });
      if (!this.#underWay.has(key)) this.#gather({ key, body });
    });
  }

  #keyOf(body: string): string {
    const digest = createHash("sha256").update(body).digest("hex");
    const time = (this.#times.get(digest) ?? 0) + 1;
    this.#times.set(digest, time);
    return `${digest}-${time}`;
  }

  #gather(request: BatchRequest): void {
    const bytes = Buffer.byteLength(request.body) + 200;
    if (this.#bytes + bytes > this.#options.bytes) this.#flush();
    this.#gathered.push(request);
    this.#bytes += bytes;
    clearTimeout(this.#timer);
    if (this.#gathered.length >= this.#options.requests) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), this.#options.gather * 1000);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    const requests = this.#gathered;
    if (requests.length === 0 || this.#signal.aborted) return;
    this.#gathered = [];
    this.#bytes = 0;
    const mark = randomUUID();
    const keys = requests.map(({ key }) => key);
    for (const key of keys) this.#underWay.add(key);
    this.#journal.sending(mark, keys);
    this.#send(mark, requests).then(
      (id) => this.#follow(mark, keys, () => Promise.resolve(id)),
      (error: unknown) => this.#fail(keys, error),
    );
  }

  /** Makes a batch and gives its id. Where this throws, there is none. */
  async #send(mark: string, requests: readonly BatchRequest[]): Promise<string> {
    const file = await this.#client.upload(mark, requests);
    try {
      return await this.#client.create(mark, file);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      // Its answer may have been lost, and the batch be there.
      const found = await this.#patiently(() => this.#client.find(mark));
      if (found === undefined) throw error;
      return found;
    }
  }

  /** Follows a batch that may be under way to its end in the background, and passes on what it gave. */
  #follow(mark: string, keys: readonly string[], idOf: () => Promise<string | undefined>): void {
    const follow = async () => {
      const id = await idOf();
      // Never made: whoever asks for its requests sends them anew.
      const state = id === undefined ? undefined : (this.#journal.sent(mark, id), await this.#end(id));
      const answers = state
        ? await this.#patiently(() => this.#client.answers(state))
        : new Map<string, BatchAnswer>();
      const missing = unanswered(state);
      const found = keys.map((key) => [key, answers.get(key) ?? missing] as const);
      this.#journal.answered(found);
      for (const [key, answer] of found) {
        this.#underWay.delete(key);
        this.#waiting.get(key)?.resolve(answer);
        this.#waiting.delete(key);
      }
      this.#journal.ended(mark);
    };
    follow().catch(this.#giveUp);
  }

  async #end(id: string): Promise<BatchState> {
    for (;;) {
      const state = await this.#patiently(() => this.#client.state(id));
      if (["completed", "failed", "expired", "cancelled"].includes(state.status)) return state;
      await this.#pause();
    }
  }

  /** Tries again through outages, however long: a batch runs, and costs, whether it can be looked at or not. */
  async #patiently<T>(look: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await look();
      } catch (error) {
        if (!(error instanceof UnreachableError || error instanceof RateLimitError)) throw error;
        if (!this.#warned)
          process.emitWarning(
            `a batch cannot be looked at, which is tried until it can: ${errorText(error)}`,
          );
        this.#warned = true;
        await this.#pause();
      }
    }
  }

  /** The time between two looks. Throws the signal's reason. */
  async #pause(): Promise<void> {
    this.#signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#signal.removeEventListener("abort", done);
        resolve();
      }, this.#options.poll * 1000);
      this.#signal.addEventListener("abort", done, { once: true });
    });
    this.#signal.throwIfAborted();
  }

  #fail(keys: readonly string[], error: unknown): void {
    clearTimeout(this.#timer);
    for (const key of keys) {
      this.#waiting.get(key)?.reject(error);
      this.#waiting.delete(key);
    }
  }
}

/** What a request without a line in any file is taken to be answered: a fault of the batch's, or one that can pass. */
function unanswered(state: BatchState | undefined): BatchAnswer {
  const [error] = state?.errors?.data ?? [];
  const message = error?.message ?? `the batch ${state?.status ?? "was never made"}`;
  if (state?.status !== "failed") return { status: 503, body: { error: { message } } };
  // Too much waits already at the endpoint: later there is room.
  const status = error?.code === "token_limit_exceeded" ? 429 : 400;
  return { status, body: { error: { message, code: error?.code } } };
}
