import {
  ConfigurationError,
  keepSecret,
  LmframeError,
  ModelError,
  redact,
  RefusedError,
  UnreachableError,
} from "../../core/index.ts";
import type { LimitOptions, RetryOptions } from "../../lm/index.ts";
import { Deadline } from "../../lm/deadline.ts";
import { endpointError, type Failure } from "../../lm/endpoint-error.ts";
import { Gate } from "../../lm/gate.ts";
import { retry } from "../../lm/retry.ts";
import { secretValues } from "../../lm/secret-values.ts";

/** How a scoring server is called. */
export interface ScoringOptions {
  /** Seconds until the whole answer must be there. Default 120. */
  timeout?: number | undefined;
  /** How calls that failed are tried again. */
  retry?: RetryOptions | undefined;
  /** Default: 8 calls under way at once. */
  limits?: LimitOptions | undefined;
}

/** Where a scoring server is. */
export interface ScoringAddress {
  /** The server's address; rows are posted to `/invocations` below it. */
  url: string;
  /** Sent as bearer token, to this address alone. Default: none. */
  token?: string | undefined;
  /** Sent with every call; part of no message, file or key. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** What sends the calls. Default: Node's own. */
  fetch?: typeof globalThis.fetch | undefined;
}

type Row = Readonly<Record<string, unknown>>;

/** What MLflow says where the model itself threw. */
const modelThrew = /unexpected error while evaluating the model/i;

/**
 * A model behind MLflow's scoring protocol, asked for one row at a time: `mlflow models serve`, a serving endpoint of
 * Databricks, `lmframe serve` (https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally).
 */
export class ScoringEndpoint {
  /** The address without its query: fit to be shown and to key by. */
  readonly address: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeout: number;
  readonly #retry: RetryOptions | undefined;
  readonly #gate: Gate;
  readonly #secrets: readonly string[];

  /** @throws ConfigurationError for an address that is none or holds a password, and for settings that cannot be. */
  constructor({
    url,
    token,
    headers = {},
    fetch,
    timeout = 120,
    retry,
    limits,
  }: ScoringAddress & ScoringOptions) {
    const found = URL.parse(url);
    if (!found || !/^https?:$/.test(found.protocol))
      throw new ConfigurationError(
        "invalid url: not an http(s) address; expected one like http://127.0.0.1:5000",
      );
    if (found.username || found.password)
      throw new ConfigurationError("invalid url: it holds a user or a password; give `token` or `headers`");
    if (!(timeout > 0)) throw new ConfigurationError(`invalid timeout: ${timeout}, expected seconds > 0`);
    const server = found.pathname.replace(/\/+$/, "").replace(/\/invocations$/, "");
    this.address = `${found.origin}${server}`;
    found.pathname = `${server}/invocations`;
    this.#url = found;
    this.#headers = { ...headers, ...(token && { authorization: `Bearer ${token}` }) };
    this.#secrets = [...secretValues([...Object.entries(headers), ...found.searchParams]), token ?? ""];
    this.#secrets.forEach(keepSecret);
    this.#fetch = fetch ?? globalThis.fetch;
    this.#timeout = timeout;
    this.#retry = retry;
    this.#gate = new Gate({ concurrency: 8, ...limits });
  }

  /**
   * What the model predicts for a row. Throws RateLimitError and UnreachableError where trying again did not help, and
   * UnreachableError where the model itself threw; ConfigurationError for a login that is not accepted, a redirect, and
   * an address where nothing is served; RefusedError for a row that the server does not take; the signal's reason.
   */
  async predict(row: Row, signal: AbortSignal | undefined): Promise<unknown> {
    const text = await retry(() => this.#inTurn(row, signal), this.#retry, signal);
    if (text === undefined) {
      throw new UnreachableError(
        `${this.address}: the model failed on this row; the server's log tells why, if it is not the names and types of ` +
          `the inputs: ${Object.keys(row).join(", ")}`,
        { status: 400 },
      );
    }
    return this.#prediction(text);
  }

  async #inTurn(row: Row, signal: AbortSignal | undefined): Promise<string | undefined> {
    const pass = await this.#gate.enter(0, signal);
    try {
      const text = await this.#send(row, signal);
      this.#gate.leave(pass, undefined);
      return text;
    } catch (error) {
      this.#gate.fail(pass, error);
      throw error;
    }
  }

  /** The body of the answer; undefined where the model threw, which another try would not change. */
  async #send(row: Row, signal: AbortSignal | undefined): Promise<string | undefined> {
    signal?.throwIfAborted();
    const deadline = new Deadline(this.#timeout, signal);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(this.#url, {
        method: "POST",
        headers: { ...this.#headers, "content-type": "application/json" },
        // The form that MLflow recommends: the order of columns is kept.
        body: JSON.stringify({ dataframe_split: { columns: Object.keys(row), data: [Object.values(row)] } }),
        // What is sent is for this address alone.
        redirect: "manual",
        signal: deadline.signal,
      });
      text = await response.text();
    } catch (error) {
      if (signal?.aborted) throw signal.reason as Error;
      if (deadline.expired)
        throw new UnreachableError(`${this.address}: no whole answer within ${this.#timeout} s`);
      if (error instanceof LmframeError) throw error;
      throw endpointError(error as Failure, this.address, (said) => this.#redact(said));
    } finally {
      deadline.end();
    }
    if (response.ok) return text;
    if (response.status === 400 && modelThrew.test(text)) return undefined;
    throw this.#refusal(response, text);
  }

  #refusal({ status, headers }: Response, text: string): LmframeError {
    const said = saying(text);
    if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500)
      return endpointError({ ...said, status, headers }, this.address, (told) => this.#redact(told));
    if (status < 400)
      return new ConfigurationError(
        `${this.address} answered ${status}, a redirect, which is not followed: what is sent is for this address alone; ` +
          `give the address that it leads to`,
      );
    const why = this.#redact(said.message).slice(0, 500);
    if (status === 401 || status === 403)
      return new ConfigurationError(
        `${this.address} does not let the call in (${status}): ${why}; check the token, and what its owner may do`,
      );
    if (status === 404 || status === 405)
      return new ConfigurationError(
        `${this.address} has nothing at /invocations (${status}): ${why}; is the address right?`,
      );
    return new RefusedError(`${this.address} did not accept the row (${status}): ${why}`, { status });
  }

  #prediction(text: string): unknown {
    const answer = readBody(text);
    if (answer === undefined)
      throw new UnreachableError(`${this.address} answered with a body that is not JSON`);
    if (typeof answer !== "object" || answer === null || !Object.hasOwn(answer, "predictions"))
      throw new ModelError(
        `${this.address} answered without "predictions"; expected a server of MLflow's scoring protocol`,
      );
    return (answer as { predictions: unknown }).predictions;
  }

  #redact(text: string): string {
    const clean = this.#secrets
      .filter((secret) => secret.length >= 4)
      .reduce((shown, secret) => shown.replaceAll(secret, "[redacted]"), text);
    return redact(clean);
  }
}

/** What a body says went wrong: MLflow's and Databricks' `error_code` and `message`, else its text. */
function saying(text: string): { code?: string; message: string } {
  const { error_code, message } = (readBody(text) ?? {}) as { error_code?: unknown; message?: unknown };
  return {
    ...(typeof error_code === "string" && { code: error_code }),
    message: typeof message === "string" ? message : text.slice(0, 2000) || "no reason given",
  };
}

/** A body as JSON; undefined where it is none. Python writes what is no number as NaN, which JSON does not know. */
function readBody(text: string): unknown {
  const outsideStrings = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
  for (const spelt of [
    () => text,
    () => text.replace(outsideStrings, (part) => (part.startsWith('"') ? part : "null")),
  ]) {
    try {
      return JSON.parse(spelt()) as unknown;
    } catch {
      // Tried in the other spelling, then told by the caller.
    }
  }
  return undefined;
}
