import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface BatchLine {
  custom_id: string;
  method: string;
  url: string;
  body: { model: string; messages: { role: string; content: string }[]; response_format?: unknown };
}

export interface BatchScript {
  reply: (line: BatchLine) => string;
  /** Looks at a batch until it is done. Default 1. */
  looks?: number;
  /** An HTTP status for a line in place of an answer. `batch` counts from 0. */
  fail?: (line: BatchLine, batch: number) => number | undefined;
  /** How a batch ends. Lines that `reach` says no to are then left as expired. Default `completed`. */
  end?: (batch: number) => "completed" | "expired" | "failed" | undefined;
  reach?: (line: BatchLine, batch: number) => boolean;
  /** An HTTP status for a request to the interface itself, once it was carried out. */
  outage?: (method: string, path: string) => number | undefined;
}

interface Batch {
  id: string;
  lines: BatchLine[];
  looks: number;
  state: Record<string, unknown>;
}

/**
 * A stand-in for the batch interface, from its documented wire format (platform.openai.com/docs/guides/batch and
 * /docs/api-reference/batch): files, batches, output and error files. It refuses what the documents refuse.
 */
export async function startBatchEndpoint(script: BatchScript) {
  const files = new Map<string, string>();
  const batches: Batch[] = [];
  let key: string | undefined;

  const refuse = (message: string) => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error" } },
  });

  function check(lines: BatchLine[], endpoint: string): { code: string; message: string } | undefined {
    if (lines.length === 0 || lines.length > 50_000)
      return { code: "invalid_file", message: "1 to 50,000 requests" };
    if (new Set(lines.map(({ custom_id }) => custom_id)).size !== lines.length)
      return { code: "duplicate_custom_id", message: "custom_id must be unique" };
    if (new Set(lines.map(({ body }) => body.model)).size > 1)
      return { code: "mismatched_model", message: "a file holds requests to a single model" };
    for (const { method, url, body } of lines)
      if (method !== "POST" || url !== endpoint || typeof body !== "object")
        return { code: "invalid_request", message: url };
    return undefined;
  }

  function finish(batch: Batch, number: number): void {
    const end = script.end?.(number) ?? "completed";
    const output: object[] = [];
    const errors: object[] = [];
    for (const line of batch.lines) {
      const { custom_id, body } = line;
      if (script.reach?.(line, number) === false) {
        const error = {
          code: "batch_expired",
          message: "This request could not be executed before the completion window expired.",
        };
        errors.push({ id: "x", custom_id, response: null, error });
        continue;
      }
      const status = script.fail?.(line, number);
      if (status !== undefined) {
        const answer = {
          status_code: status,
          request_id: "r",
          body: { error: { message: "no", type: "server_error" } },
        };
        errors.push({ id: "x", custom_id, response: answer, error: null });
        continue;
      }
      const message = { role: "assistant", content: script.reply(line) };
      const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      const answer = { id: "c", object: "chat.completion", model: body.model, choices, usage };
      output.push({
        id: "x",
        custom_id,
        response: { status_code: 200, request_id: "r", body: answer },
        error: null,
      });
    }
    // In no particular order, as the documents say.
    output.reverse();
    const store = (kind: string, lines: object[]) => {
      if (lines.length === 0) return null;
      const id = `file-${kind}-${number}`;
      files.set(id, lines.map((line) => JSON.stringify(line)).join("\n"));
      return id;
    };
    Object.assign(batch.state, {
      status: end,
      output_file_id: store("out", output),
      error_file_id: store("err", errors),
    });
  }

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    key = request.headers.authorization;
    const { pathname } = new URL(request.url!, "http://host");
    const body = await read(request);
    if (request.method === "POST" && pathname === "/v1/files") {
      const form = await new Response(body, {
        headers: { "content-type": request.headers["content-type"]! },
      }).formData();
      if (form.get("purpose") !== "batch") return refuse("purpose must be batch");
      const id = `file-in-${files.size}`;
      files.set(id, await (form.get("file") as unknown as Blob).text());
      return { status: 200, body: { id, object: "file", purpose: "batch" } };
    }
    if (request.method === "POST" && pathname === "/v1/batches") {
      const { input_file_id, endpoint, completion_window, metadata } = JSON.parse(body.toString());
      if (completion_window !== "24h") return refuse("completion_window must be 24h");
      if (!["/v1/chat/completions", "/v1/embeddings", "/v1/completions", "/v1/responses"].includes(endpoint))
        return refuse("endpoint");
      const text = files.get(input_file_id);
      if (text === undefined) return refuse("no such file");
      const lines = text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as BatchLine);
      const id = `batch_${batches.length}`;
      const fault =
        check(lines, endpoint) ??
        (script.end?.(batches.length) === "failed"
          ? { code: "invalid_model", message: "no such model" }
          : undefined);
      const state = {
        id,
        object: "batch",
        endpoint,
        input_file_id,
        completion_window,
        metadata,
        status: fault ? "failed" : "validating",
        output_file_id: null,
        error_file_id: null,
        errors: fault ? { object: "list", data: [fault] } : null,
      };
      batches.push({ id, lines, looks: 0, state });
      return { status: 200, body: state };
    }
    if (request.method === "GET" && pathname === "/v1/batches")
      return {
        status: 200,
        body: { object: "list", data: batches.map(({ state }) => state), has_more: false },
      };
    const batch = batches.findIndex(({ id }) => pathname === `/v1/batches/${id}`);
    if (batch >= 0) {
      const found = batches[batch]!;
      if (
        ++found.looks >= (script.looks ?? 1) &&
        found.state.status !== "failed" &&
        found.state.output_file_id === null &&
        found.state.error_file_id === null
      )
        finish(found, batch);
      else if (found.state.status === "validating") found.state.status = "in_progress";
      return { status: 200, body: found.state };
    }
    const file = /^\/v1\/files\/([\w-]+)\/content$/.exec(pathname)?.[1];
    if (file !== undefined && files.has(file)) return { status: 200, body: files.get(file) };
    return { status: 404, body: { error: { message: `no route ${pathname}` } } };
  }

  const server = createServer((request, response) => {
    void answer(request).then((done) => {
      const outage = script.outage?.(request.method!, new URL(request.url!, "http://host").pathname);
      const { status, body } = outage ? { status: outage, body: { error: { message: "away" } } } : done;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    batches,
    get key() {
      return key;
    },
    close: () =>
      new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
