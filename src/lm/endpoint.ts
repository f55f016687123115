import type { OpenAI } from "openai";
import { ConfigurationError, keepSecret, LmframeError, redact, UnreachableError } from "../core/index.ts";
import { Deadline } from "./deadline.ts";
import { endpointError, type Failure } from "./endpoint-error.ts";
import { secretValues } from "./secret-values.ts";

/** Where an OpenAI-compatible endpoint is and how it is spoken to. */
export interface EndpointOptions {
  /**
   * The address that ends in `/v1` or what stands for it. Default: `OPENAI_BASE_URL`, else OpenAI's own. A user
   * and password in it are sent as basic authorization.
   */
  baseURL?: string | undefined;
  /**
   * Default: `OPENAI_API_KEY`, but only for the address that the environment names: a key is never sent to an
   * address it was not meant for. An endpoint other than OpenAI's may need none.
   */
  apiKey?: string | undefined;
  /** Sent with every request; part of no message, file or cache key. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Seconds until the whole answer must be there; for a stream, until the next piece. Default 120. */
  timeout?: number | undefined;
  /** What sends the requests. Default: Node's own. */
  fetch?: typeof globalThis.fetch | undefined;
}

const openAIAddress = "https://api.openai.com/v1";

/** One OpenAI-compatible endpoint: its client, made on first use, and its failures as the errors of lmframe. */
export class Endpoint {
  /** The address without credentials or query: fit to be shown and to key by. */
  readonly address: string;
  readonly #url: URL;
  readonly #apiKey: string | undefined;
  readonly #headers: Record<string, string>;
  readonly #timeout: number;
  readonly #secrets: string[];
  readonly #fetch: typeof globalThis.fetch | undefined;
  #client: Promise<OpenAI> | undefined;

  constructor(options: EndpointOptions = {}) {
    const fromEnvironment = process.env.OPENAI_BASE_URL || openAIAddress;
    const url = URL.parse(options.baseURL ?? fromEnvironment);
    if (!url || !/^https?:$/.test(url.protocol))
      throw new ConfigurationError(
        `invalid ${options.baseURL === undefined ? "OPENAI_BASE_URL" : "baseURL"}: not an http(s) address; ` +
          `expected one like http://127.0.0.1:8000/v1`,
      );
    this.#timeout = options.timeout ?? 120;
    if (!(this.#timeout > 0))
      throw new ConfigurationError(`invalid timeout: ${this.#timeout}, expected seconds > 0`);
    this.#headers = { ...options.headers };
    this.#secrets = secretValues([...Object.entries(this.#headers), ...url.searchParams]);
    if (url.username || url.password) {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      this.#headers.Authorization ??= `Basic ${Buffer.from(credentials).toString("base64")}`;
      this.#secrets.push(url.password, decodeURIComponent(url.password), this.#headers.Authorization);
      url.username = url.password = "";
    }
    this.#url = url;
    this.#fetch = options.fetch;
    this.address = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
    const ownAddress = options.baseURL === undefined || URL.parse(fromEnvironment)?.origin === url.origin;
    this.#apiKey = options.apiKey || (ownAddress ? process.env.OPENAI_API_KEY : undefined) || undefined;
    if (this.#apiKey) this.#secrets.push(this.#apiKey);
    this.#secrets.forEach(keepSecret);
    if (!this.#apiKey && this.isOpenAI && !hasAuthorization(this.#headers))
      throw new ConfigurationError(
        "no API key for api.openai.com: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint",
      );
  }

  /** True for OpenAI's own endpoint: the one whose prices and model names are known. */
  get isOpenAI(): boolean {
    return this.#url.hostname === "api.openai.com";
  }

  /**
   * Runs `body` with the client, under the time-out and the caller's signal. Throws one of the errors under
   * ModelError, a ConfigurationError, or the reason of the caller's signal.
   */
  async call<T>(
    signal: AbortSignal | undefined,
    body: (client: OpenAI, deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    const client = await this.#connect();
    signal?.throwIfAborted();
    const deadline = new Deadline(this.#timeout, signal);
    try {
      return await body(client, deadline);
    } catch (error) {
      throw this.#translate(error, deadline, signal);
    } finally {
      deadline.end();
    }
  }

  /** Like {@link Endpoint.call} for an answer that comes in pieces; each piece extends the time. */
  async *pieces<T, R>(
    signal: AbortSignal | undefined,
    body: (client: OpenAI, deadline: Deadline) => AsyncGenerator<T, R>,
  ): AsyncGenerator<T, R> {
    const client = await this.#connect();
    signal?.throwIfAborted();
    const deadline = new Deadline(this.#timeout, signal);
    try {
      return yield* body(client, deadline);
    } catch (error) {
      throw this.#translate(error, deadline, signal);
    } finally {
      deadline.end();
    }
  }

  #connect(): Promise<OpenAI> {
    return (this.#client ??= import("openai").then(({ OpenAI }) => {
      return new OpenAI({
        baseURL: this.#url.href.replace(/\/+$/, ""),
        apiKey: this.#apiKey ?? "none",
        adminAPIKey: null,
        maxRetries: 0,
        timeout: this.#timeout * 1000 + 1000,
        fetch: this.#fetch,
        defaultHeaders: { ...(this.#apiKey ? {} : { Authorization: null }), ...this.#headers },
      });
    }));
  }

  #translate(error: unknown, deadline: Deadline, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (deadline.expired)
      return new UnreachableError(`${this.address}: no whole answer within ${this.#timeout} s`);
    if (error instanceof LmframeError) return error;
    return endpointError(error as Failure, this.address, (text) => this.redact(text));
  }

  /** `text` without this endpoint's secrets, however short, and whatever else looks like one. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) {
      if (secret.length >= 4) clean = clean.replaceAll(secret, "[redacted]");
    }
    // OpenAI repeats a wrong key with its middle starred out.
    return redact(clean).replace(/[^\s"']*\*{3,}[^\s"']*/g, "[redacted]");
  }
}

function hasAuthorization(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => /^(authorization|api-key)$/i.test(name));
}
