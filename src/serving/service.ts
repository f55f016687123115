import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { redact } from "../core/index.ts";
import { type CallSettings, type Module, type Principal, withCallSettings } from "../modules/index.ts";
import type { Index } from "../retrieval/index.ts";
import { withSession } from "../tracking/session.ts";
import { announceTrace, isTracing } from "../tracking/traces.ts";
import type { Admission, Place } from "./admission.ts";
import { type AnsweredTraces, traceHeader } from "./answered-traces.ts";
import type { ConversationFields } from "./conversation.ts";
import { failureOf, type RequestFailure } from "./failure.ts";
import type { FeedbackLog } from "./feedback-log.ts";
import type { SelfImprovingPipeline } from "./improvement/index.ts";
import { conversationHeader, sessionOf } from "./named-conversation.ts";
import type { PerformanceMonitor } from "./performance-monitor.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RequestCounters } from "./request-counters.ts";
import type { TokenStore } from "./tokens.ts";

/** All that the routes of a served program share. */
export interface Service {
  readonly program: Module;
  /** The program, where it improves itself. */
  readonly improving: SelfImprovingPipeline | undefined;
  /** What chat clients call the program. */
  readonly name: string;
  readonly version: string;
  /** Undefined: it cannot be talked to. */
  readonly conversation: ConversationFields | undefined;
  /** Undefined: documents cannot be uploaded. */
  readonly index: Pick<Index, "upload"> | undefined;
  /** Undefined: everybody who reaches the server may call, as {@link Service.principal}. */
  readonly tokens: TokenStore | undefined;
  readonly principal: Principal | undefined;
  readonly settings: CallSettings;
  readonly admission: Admission;
  readonly rate: RateLimit | undefined;
  readonly feedback: FeedbackLog;
  readonly traces: AnsweredTraces;
  readonly monitor: PerformanceMonitor;
  readonly counters: RequestCounters;
  readonly limits: { readonly bodyBytes: number; readonly uploadBytes: number };
  /** False: fields are sent when the program has ended, and not as they come. */
  readonly stream: boolean;
  /** True once the server stops: what is under way is finished, and nothing new is begun. */
  draining: boolean;
  log(line: string): void;
}

/** Who calls. */
export interface Caller {
  /** Of the token, for limits and the log. */
  readonly id: string;
  readonly principal: Principal | undefined;
  readonly operator: boolean;
}

/** What is known of a request on its way. */
export interface ServiceEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string; caller: Caller; place: Place };
}

export type ServiceContext = Context<ServiceEnv>;

/** Header that names the version which answered, of a program that improves itself; feedback takes it back. */
export const versionHeader = "x-lmframe-version";

/**
 * Does a request's work in its place, on behalf of its caller: no input can say who that is. All of it is answered by one
 * version, which {@link versionHeader} names.
 *
 * @param calls - of the program: the trace of a lone one is named by {@link traceHeader}.
 */
export function work<T>(
  context: ServiceContext,
  service: Service,
  body: (signal: AbortSignal) => Promise<T>,
  calls = 1,
): Promise<T> {
  const { principal } = context.var.caller;
  const { improving } = service;
  return context.var.place.run((signal) =>
    withCallSettings({ ...service.settings, principal, signal }, () =>
      traced(context, service, calls, () => {
        if (!improving) return body(signal);
        return improving.holding((version) => {
          context.header(versionHeader, String(version));
          return body(signal);
        });
      }),
    ),
  );
}

/** Where calls are traced, runs `body` as part of the conversation that its caller names, and names its trace. */
function traced<T>(context: ServiceContext, { traces }: Service, calls: number, body: () => T): T {
  if (!isTracing()) return body();
  const { caller } = context.var;
  const conversation = context.req.header(conversationHeader);
  const announced = () =>
    announceTrace((trace) => {
      if (trace !== undefined) {
        context.header(traceHeader, trace);
        traces.add(trace, caller.principal);
      }
      return body();
    });
  const named = calls === 1 ? announced : body;
  return conversation ? withSession(sessionOf(caller, conversation), named) : named();
}

/** What a caller is told of an error; the log is told the rest, where the request is not to blame. */
export function report(context: ServiceContext, service: Service, error: unknown): RequestFailure {
  const failure = failureOf(error);
  const { status } = failure;
  if (status >= 500 && status !== 503) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    service.log(redact(`${context.var.requestId} ${context.req.path} ${status}: ${told}`));
  }
  return failure;
}
