import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ConfigurationError, redact } from "../core/index.ts";
import type { CallSettings, Module, Principal } from "../modules/index.ts";
import type { Index } from "../retrieval/index.ts";
import { packageRoot } from "../services/index.ts";
import { Admission } from "./admission.ts";
import { AnsweredTraces } from "./answered-traces.ts";
import { conversationFields } from "./conversation.ts";
import { FeedbackLog } from "./feedback-log.ts";
import { SelfImprovingPipeline } from "./improvement/index.ts";
import { type HistoryOptions, keepHistory } from "./performance-history.ts";
import { PerformanceMonitor } from "./performance-monitor.ts";
import { RateLimit } from "./rate-limit.ts";
import { RequestCounters } from "./request-counters.ts";
import type { Service } from "./service.ts";
import type { TokenStore } from "./tokens.ts";

/** How much a server takes on. */
export interface ServeLimits {
  /** Requests at work at once. Default 64. */
  concurrency?: number | undefined;
  /** Requests that may wait for their turn; those beyond get 503 at once. Default 1,000. */
  queue?: number | undefined;
  /** Seconds a request may wait, and then as many as it may take. Default 120. */
  seconds?: number | undefined;
  /** Requests a minute of each caller; those beyond get 429. Default 600 with tokens, else as many as come. */
  requestsPerMinute?: number | undefined;
  /** Bytes of a body; larger ones get 413. Default 10 million. */
  bodyBytes?: number | undefined;
  /** Bytes of an upload. Default 50 million. */
  uploadBytes?: number | undefined;
  /**
   * Seconds that requests it took, those that wait among them, are given once the server stops; who is not answered by
   * then gets 503. Default: what they may wait and take, twice `seconds`.
   */
  stopSeconds?: number | undefined;
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Default 8080; 0 for any that is free. */
  port?: number | undefined;
  /** Default `127.0.0.1`: this machine alone. Any other needs tokens. */
  host?: string | undefined;
  /** What chat clients call the program. Default: its class, or the name of a {@link SelfImprovingPipeline}. */
  name?: string | undefined;
  /** Where uploads go. Default: nowhere. */
  index?: Pick<Index, "upload"> | undefined;
  /** Who may call, and on whose behalf. Default: all who are on this machine, as `principal`. */
  tokens?: TokenStore | undefined;
  /** On whose behalf callers without a token are answered. Default: nobody, who sees no document. */
  principal?: Principal | undefined;
  limits?: ServeLimits | undefined;
  /** Settings of every call. The principal and the signal are the server's own. */
  settings?: Omit<CallSettings, "principal" | "signal"> | undefined;
  /** False: answers are sent when the program has ended; for programs that check them first. Default true. */
  stream?: boolean | undefined;
  /** Default: one in the project's `.lmframe`. A {@link SelfImprovingPipeline} has one of its own, from which it learns. */
  feedback?: FeedbackLog | undefined;
  /** Default: one of its own, without alerts. */
  monitor?: PerformanceMonitor | undefined;
  /** Keeps the monitor's figures over time in MLflow; see {@link keepHistory}. Default: they are kept nowhere. */
  history?: HistoryOptions | undefined;
  /** Takes a line for each request that failed. Default: standard error. */
  log?: ((line: string) => void) | undefined;
}

/** A program that is served. */
export interface ServedProgram {
  /** Where: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  readonly monitor: PerformanceMonitor;
  /** Takes nothing new, finishes what it took within `stopSeconds`, and stops. */
  close(): Promise<void>;
}

/**
 * Serves a program over HTTP: MLflow's scoring protocol, OpenAI's chat protocol, streams, uploads, feedback, figures,
 * and a page to try it. `/openapi.json` and `/docs` describe it. A {@link SelfImprovingPipeline} improves in the
 * background meanwhile.
 *
 * ```ts
 * const server = await serve(program, { port: 8080 });
 * await server.close();
 * ```
 *
 * @throws ConfigurationError where other machines could call without a token, the program states no signature, or the
 * port is taken.
 */
export async function serve(program: Module, options: ServeOptions = {}): Promise<ServedProgram> {
  const {
    port = 8080,
    host = "127.0.0.1",
    tokens,
    limits = {},
    monitor = new PerformanceMonitor(),
  } = options;
  const { concurrency = 64, queue = 1000, seconds = 120 } = limits;
  const { stopSeconds = 2 * seconds } = limits;
  const { bodyBytes = 10e6, uploadBytes = 50e6, requestsPerMinute = tokens && 600 } = limits;
  const loopback = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
  if (!loopback && !tokens) {
    throw new ConfigurationError(
      `at ${host} other machines could call the program, and anybody there: give it tokens (\`lmframe tokens add\`), ` +
        "or serve it on 127.0.0.1",
    );
  }
  const improving = program instanceof SelfImprovingPipeline ? program : undefined;
  const log = options.log ?? ((line: string) => void process.stderr.write(`lmframe: ${redact(line)}\n`));
  const service: Service = {
    program,
    improving,
    name: options.name ?? improving?.name ?? program.constructor.name,
    version: versionOf(),
    conversation: conversationFields(program.signature),
    index: options.index,
    tokens,
    principal: tokens ? undefined : options.principal,
    settings: options.settings ?? {},
    admission: new Admission({ concurrency, queue, seconds }),
    rate: requestsPerMinute === undefined ? undefined : new RateLimit(requestsPerMinute),
    feedback: improving?.feedback ?? options.feedback ?? new FeedbackLog(),
    traces: new AnsweredTraces(log),
    monitor,
    counters: new RequestCounters(),
    limits: { bodyBytes, uploadBytes },
    stream: options.stream ?? true,
    draining: false,
    log,
  };
  // Loaded here: most who import lmframe serve nothing.
  const [{ createAdaptorServer }, { serviceApp }] = await Promise.all([
    import("@hono/node-server"),
    import("./app.ts"),
  ]);
  const app = serviceApp(service, loopback);
  const routes = new Set(app.routes.map(({ path }) => path).filter((path) => !/[*:]/.test(path)));
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  // A body that only trickles in keeps its place no longer than this.
  server.requestTimeout = 60_000;
  const open = new Set<ServerResponse>();
  let drained: () => void = () => undefined;
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const started = performance.now();
    const path = request.url?.split("?", 1)[0] ?? "";
    open.add(response);
    if (service.draining) response.shouldKeepAlive = false;
    response.once("close", () => {
      open.delete(response);
      if (open.size === 0) drained();
      const route = routes.has(path) ? path : "other";
      service.counters.add(route, response.statusCode, (performance.now() - started) / 1000);
    });
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new ConfigurationError(`cannot serve at ${host}:${port}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const stopMonitor = monitor.watch();
  const stopHistory = options.history && keepHistory(monitor, { name: service.name, ...options.history });
  const stopImproving = improving?.watch();
  const watch = setInterval(() => monitor.check(), monitor.windowSeconds * 1000).unref();
  const bound = (server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  const close = async () => {
    // The port stays open meanwhile: whoever comes now is told to go elsewhere, not cut off.
    service.draining = true;
    const stopped = stopImproving?.();
    for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
    const patience = setTimeout(() => {
      service.admission.stop();
      setTimeout(() => server.closeAllConnections(), 1000).unref();
    }, stopSeconds * 1000);
    if (open.size > 0) await new Promise<void>((resolve) => (drained = resolve));
    clearTimeout(patience);
    clearInterval(watch);
    stopMonitor();
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    const idle = setTimeout(() => server.closeAllConnections(), 1000);
    await closed;
    clearTimeout(idle);
    await Promise.all([stopped, stopHistory?.(), service.traces.settled()]);
  };
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    monitor,
    close: () => (closing ??= close()),
  };
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
}
