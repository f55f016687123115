import { createServer, type IncomingMessage, request as forward, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of a request. `pass`: it is forwarded; `refuse`: the connection is cut before the server hears of
 * it; `lose`: the server does it, and its answer never arrives; `hang`: as `lose`, and the connection stays open;
 * `clash`: MLflow's answer where two requests add the same row at once; a number: this status, from the proxy itself.
 */
export type Fate = "pass" | "refuse" | "lose" | "hang" | "clash" | number;

export interface FaultProxy {
  readonly uri: string;
  /** `METHOD path` of every request that arrived. */
  readonly requests: { line: string; authorization: string | undefined }[];
  /** Decides; `index` counts from 0 since it was set. */
  fate: (line: string, index: number) => Fate;
  /** Begins to count anew. */
  reset(fate?: FaultProxy["fate"]): void;
  close(): Promise<void>;
}

/** A server on loopback before `target`, which fails as told. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let index = 0;
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    proxy.requests.push({ line, authorization: request.headers.authorization });
    const fate = proxy.fate(line, index++);
    if (fate === "refuse") request.socket.destroy();
    else if (fate === "clash") {
      const message = "(sqlite3.IntegrityError) UNIQUE constraint failed: model_version_tags.key";
      reply(request, response, 400, { error_code: "BAD_REQUEST", message });
    } else if (typeof fate === "number") {
      reply(request, response, fate, { error_code: "TEST", message: `status ${fate}` });
    } else pass(request, response, fate);
  });

  function reply(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }

  function pass(request: IncomingMessage, response: ServerResponse, fate: Fate): void {
    const onward = forward(
      new URL(request.url!, target),
      { method: request.method!, headers: { ...request.headers, host: new URL(target).host } },
      (answer) => {
        if (fate === "pass") {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
          return;
        }
        answer.resume();
        answer.on("end", () => {
          if (fate === "lose") request.socket.destroy();
        });
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultProxy = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    fate: () => "pass",
    reset(fate = () => "pass") {
      index = 0;
      proxy.requests.length = 0;
      proxy.fate = fate;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
