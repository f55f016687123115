import { randomUUID } from "node:crypto";
import {
  LmframeError,
  ParseError,
  RateLimitError,
  RefusedError,
  TooLongError,
  UnreachableError,
} from "../core/index.ts";

/** A request that is answered with an error. Its message goes to the caller. */
export class RequestFailure extends LmframeError {
  override name = "RequestFailure";
  /** HTTP status. */
  readonly status: number;
  /** Seconds after which to try again, where that may help. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(message, options);
    this.status = status;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * What a caller is told of an error. What is wrong with the request is a {@link RequestFailure} already, and said in
 * full; of all else only its kind, for messages of a program may hold addresses, paths, or what a model wrote.
 */
export function failureOf(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  const because = { cause: error };
  if (error instanceof TooLongError)
    return new RequestFailure(413, "the request is too long for the model", because);
  if (error instanceof RefusedError)
    return new RequestFailure(422, "the model's endpoint declined this request", because);
  if (error instanceof RateLimitError)
    return new RequestFailure(503, "the model asks for fewer requests", {
      ...because,
      retryAfter: Math.max(1, Math.ceil(error.retryAfter ?? 1)),
    });
  if (error instanceof UnreachableError)
    return new RequestFailure(502, "the model gave no whole answer", because);
  if (error instanceof ParseError)
    return new RequestFailure(502, "the model's answer could not be read", because);
  if (error instanceof Error && error.name === "TimeoutError")
    return new RequestFailure(504, "the program took too long", because);
  if (error instanceof Error && error.name === "AbortError")
    return new RequestFailure(503, "the request was given up", because);
  return new RequestFailure(500, "the program failed; the server's log says why", because);
}

const codes: Readonly<Record<number, string>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "INVALID_STATE",
  413: "REQUEST_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "REFUSED",
  429: "REQUEST_LIMIT_EXCEEDED",
  502: "BAD_GATEWAY",
  503: "TEMPORARILY_UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** The name of a status, as MLflow and Databricks spell theirs. */
export function errorCode(status: number): string {
  return codes[status] ?? "INTERNAL_ERROR";
}

/** A failure as JSON: in OpenAI's form for its clients, else in MLflow's. */
export function failureBody(failure: RequestFailure, openai: boolean, requestId: string): object {
  const { status, message } = failure;
  const code = errorCode(status);
  return openai
    ? { error: { message, type: status < 500 ? "invalid_request_error" : "server_error", code, param: null } }
    : { error_code: code, message, request_id: requestId };
}

/** Names one request in the answer and in the log. */
export function newRequestId(): string {
  return randomUUID();
}
