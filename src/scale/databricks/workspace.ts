import {
  ConfigurationError,
  ModelError,
  RateLimitError,
  redact,
  RefusedError,
  UnreachableError,
} from "../../core/index.ts";
import { readRetryAfter } from "../../lm/endpoint-error.ts";
import { retry, type RetryOptions } from "../../lm/retry.ts";
import type { DatabricksLogin } from "./login.ts";

/** One request to a workspace. */
export interface WorkspaceRequest {
  /** For error messages: "query the index". */
  doing: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the host on; what comes from outside is to be encoded. */
  path: string;
  /** A name may come several times. */
  query?: readonly (readonly [name: string, value: string])[] | undefined;
  json?: unknown;
  signal?: AbortSignal | undefined;
  /** False where doing it twice would leave two of it: not tried again. */
  idempotent?: boolean | undefined;
}

/** Requests to a Databricks workspace; outages and limits are waited for and tried again. */
export class Workspace {
  readonly login: DatabricksLogin;
  readonly #retry: RetryOptions | undefined;

  constructor(login: DatabricksLogin, options?: RetryOptions) {
    this.login = login;
    this.#retry = options;
  }

  /** The answer as JSON; an empty one is `{}`. */
  json<T>(request: WorkspaceRequest): Promise<T> {
    const { idempotent = true, signal } = request;
    return retry(
      () => this.#send<T>(request),
      { ...this.#retry, ...(!idempotent && { attempts: 1 }) },
      signal,
    );
  }

  /** Like `json`; undefined for what the workspace does not know. */
  async found<T>(request: WorkspaceRequest): Promise<T | undefined> {
    try {
      return await this.json<T>(request);
    } catch (error) {
      if (error instanceof ModelError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #send<T>({ doing, method, path, query = [], json, signal }: WorkspaceRequest): Promise<T> {
    const { host } = this.login;
    const token = await this.login.token();
    const search = new URLSearchParams(query as [string, string][]).toString();
    const time = AbortSignal.timeout(120_000);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${host}${path}${search && `?${search}`}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(json !== undefined && { "content-type": "application/json" }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        signal: signal ? AbortSignal.any([signal, time]) : time,
      });
      text = await response.text();
    } catch (error) {
      if (signal?.aborted) throw signal.reason as Error;
      throw new UnreachableError(`could not ${doing}: ${host} cannot be reached (${redact(String(error))})`);
    }
    if (!response.ok) throw refused(`could not ${doing}: ${host}`, response, text);
    try {
      return (text === "" ? {} : JSON.parse(text)) as T;
    } catch {
      throw new UnreachableError(`could not ${doing}: ${host} answered with a body that is not JSON`);
    }
  }
}

/** The error of lmframe for a status of Databricks, whose body tells `error_code` and `message`. */
function refused(found: string, { status, headers }: Response, text: string): Error {
  let said = "";
  try {
    const { error_code, message } = JSON.parse(text) as { error_code?: unknown; message?: unknown };
    said = [error_code, message].filter((part) => typeof part === "string").join(": ");
  } catch {
    // A proxy's page; the status says enough.
  }
  const told = redact(`${found} answered ${status}${said && ` (${said.slice(0, 500)})`}`);
  if (status === 429) return new RateLimitError(told, { status, retryAfter: readRetryAfter(headers) });
  if (status === 401 || status === 403)
    return new ConfigurationError(`${told}; check the token, and what its owner may do`);
  if (status >= 500) return new UnreachableError(told, { status });
  if (status === 404) return new ModelError(told, { status });
  return new RefusedError(told, { status });
}
