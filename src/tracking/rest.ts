import type { RetryOptions } from "ky";
import { redact, TrackingError } from "../core/index.ts";
import { serverAddress } from "./server-address.ts";

/** What opens a connection to an MLflow server. */
export interface MlflowClientOptions {
  /** http(s) address; credentials in it are taken out and sent as a header. */
  uri: string;
  /** Bearer token; default: `MLFLOW_TRACKING_TOKEN`, or user name and password of the environment. */
  token?: string | undefined;
  /** Seconds until a request without an answer counts as failed. Default 30. */
  timeout?: number | undefined;
}

/** One request to the server. */
export interface RestRequest {
  /** What is being done, for error messages: "create the run". */
  doing: string;
  method: "get" | "post" | "put" | "patch" | "delete";
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  /** False where doing it twice would leave two of it: not tried again. */
  idempotent?: boolean;
}

/** No answer, overload, or a failure of the server's own: the same request may succeed later. */
export class ServerAwayError extends TrackingError {
  override name = "ServerAwayError";
}

/** How what may be repeated is tried again. */
export const retryRule: RetryOptions = {
  limit: 2,
  methods: ["get", "put", "post", "patch", "delete"],
  statusCodes: [408, 429, 500, 502, 503, 504],
  maxRetryAfter: 5000,
  jitter: true,
  shouldRetry: ({ error }) => addedAtOnce(error) || undefined,
};

/**
 * True for what MLflow refuses where two requests write the same new tag at once: both look whether it is there,
 * both add it, and its database takes one. The other is taken when it is sent again.
 */
function addedAtOnce(error: unknown): boolean {
  const { data } = error as { data?: { message?: unknown } | null };
  return typeof data?.message === "string" && data.message.includes("IntegrityError");
}

/**
 * Requests to an MLflow server. What may be repeated is tried three times in all, with growing pauses; every
 * failure is a TrackingError, and a {@link ServerAwayError} where waiting may help.
 */
export class Rest {
  /** Without credentials. */
  readonly uri: string;
  readonly #authorization: string | undefined;
  readonly #timeout: number;

  constructor({ uri, token, timeout = 30 }: MlflowClientOptions) {
    const address = serverAddress(uri, token);
    this.uri = address.uri;
    this.#authorization = address.authorization;
    this.#timeout = timeout;
  }

  /** The answer as JSON. */
  async json<T>(request: RestRequest): Promise<T> {
    const response = await this.send(request);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new TrackingError(
        `could not ${request.doing}: ${this.uri} answered with something other than JSON; is it an MLflow server?`,
        { cause },
      );
    }
  }

  /** Like `json`; undefined for what the server does not know. */
  async found<T>(request: RestRequest): Promise<T | undefined> {
    try {
      return await this.json<T>(request);
    } catch (error) {
      if (error instanceof TrackingError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The answer, whatever it is. */
  async send({
    doing,
    method,
    path,
    query,
    json,
    body,
    headers,
    idempotent = true,
  }: RestRequest): Promise<Response> {
    const { default: ky, isHTTPError, isTimeoutError } = await import("ky");
    try {
      return await ky(`${this.uri}/${path}`, {
        method,
        headers: { ...headers, ...(this.#authorization ? { authorization: this.#authorization } : {}) },
        ...(query ? { searchParams: query } : {}),
        ...(json !== undefined ? { json } : {}),
        ...(body !== undefined ? { body: body as NonNullable<RequestInit["body"]> } : {}),
        timeout: this.#timeout * 1000,
        retry: idempotent ? retryRule : 0,
      });
    } catch (error) {
      if (isHTTPError(error)) throw this.#refused(doing, error.response.status, error.data);
      const reason = isTimeoutError(error) ? `no answer in ${this.#timeout} s` : innermostMessage(error);
      // The cause is left out on purpose: it holds the request with its Authorization header.
      throw new ServerAwayError(
        `could not ${doing}: MLflow at ${this.uri} cannot be reached (${redact(reason)})`,
      );
    }
  }

  #refused(doing: string, status: number, data: unknown): TrackingError {
    const { error_code, message } = (typeof data === "object" && data !== null ? data : {}) as {
      error_code?: unknown;
      message?: unknown;
    };
    const said = [error_code, message].filter((part) => typeof part === "string").join(": ");
    const remedy =
      status === 401 || status === 403
        ? "; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to what opens it"
        : status === 404 && said === ""
          ? "; is it an MLflow server, and the path in its address right?"
          : "";
    const Failure = status === 408 || status === 429 || status >= 500 ? ServerAwayError : TrackingError;
    return new Failure(
      `could not ${doing}: MLflow at ${this.uri} answered ${status}${said ? ` ${redact(said.slice(0, 500))}` : ""}${remedy}`,
      { status },
    );
  }
}

/** Node's fetch says "fetch failed"; what failed stands in the causes. */
export function innermostMessage(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0) reason = reason.errors[0];
  if (!(reason instanceof Error)) return String(reason);
  return reason.message || ((reason as NodeJS.ErrnoException).code ?? reason.name);
}
