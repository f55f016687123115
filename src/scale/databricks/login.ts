import {
  ConfigurationError,
  keepSecret,
  RateLimitError,
  redact,
  UnreachableError,
} from "../../core/index.ts";
import { retry } from "../../lm/retry.ts";

/** How one logs in to a workspace. */
export interface DatabricksLoginOptions {
  /** The workspace's address, `https://…`. Default: `DATABRICKS_HOST`. */
  host?: string | undefined;
  /** A personal access token, or any other bearer token. Default: `DATABRICKS_TOKEN`. */
  token?: string | undefined;
  /** Of a service principal; with `clientSecret` it logs in by OAuth in place of a token. Default: `DATABRICKS_CLIENT_ID`. */
  clientId?: string | undefined;
  /** Default: `DATABRICKS_CLIENT_SECRET`. */
  clientSecret?: string | undefined;
}

/** Seconds before its end at which a token is replaced: a call that begins with it is to end with it. */
const margin = 120;

/**
 * A login to a workspace: by a token, or as a service principal by OAuth, whose tokens live an hour and are renewed
 * before they end (docs.databricks.com, "Authorize service principal access to Databricks with OAuth").
 */
export class DatabricksLogin {
  /** `https://…` without a slash at its end. */
  readonly host: string;
  readonly #token: string | undefined;
  readonly #client: { id: string; secret: string } | undefined;
  #current: { token: string; until: number } | undefined;
  #renewal: Promise<string> | undefined;

  /** @throws ConfigurationError for no host, or neither token nor client. */
  constructor(options: DatabricksLoginOptions = {}) {
    const { env } = process;
    const given = options.host ?? env.DATABRICKS_HOST ?? "";
    const url = URL.parse(/^https?:\/\//.test(given) ? given : `https://${given}`);
    if (given === "" || !url)
      throw new ConfigurationError("no Databricks workspace is named: set DATABRICKS_HOST, or give `host`");
    const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
    if (url.protocol !== "https:" && !local)
      throw new ConfigurationError(
        `a token must not travel in the open: ${url.host} is to be reached by https`,
      );
    this.host = url.origin;
    // What was given comes before what the environment holds, of either kind.
    const own = options.token !== undefined || options.clientId !== undefined;
    const token = own ? options.token : env.DATABRICKS_TOKEN;
    const id = own ? options.clientId : env.DATABRICKS_CLIENT_ID;
    const secret = options.clientSecret ?? env.DATABRICKS_CLIENT_SECRET;
    if (token) {
      keepSecret(token);
      this.#token = token;
    } else if (id && secret) {
      keepSecret(secret);
      this.#client = { id, secret };
    } else {
      throw new ConfigurationError(
        "no login for Databricks: set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID with DATABRICKS_CLIENT_SECRET",
      );
    }
  }

  /** A bearer token that is good for the next two minutes at least, where the workspace gives such. */
  async token(): Promise<string> {
    if (this.#token !== undefined) return this.#token;
    if (this.#current && performance.now() < this.#current.until) return this.#current.token;
    this.#renewal ??= retry(() => this.#renew()).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** Milliseconds until `token` gives another; undefined where it never does. */
  get renewsIn(): number | undefined {
    return this.#current && Math.max(0, this.#current.until - performance.now());
  }

  async #renew(): Promise<string> {
    const { id, secret } = this.#client!;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.host}/oidc/v1/token`, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials", scope: "all-apis" }),
        signal: AbortSignal.timeout(30_000),
      });
      text = await response.text();
    } catch (error) {
      throw new UnreachableError(`${this.host} cannot be reached (${redact(String(error))})`);
    }
    const { status } = response;
    if (status === 429) throw new RateLimitError(`${this.host} asks for fewer logins`, { status });
    if (status >= 500) throw new UnreachableError(`${this.host} answered a login with ${status}`, { status });
    let answer: { access_token?: unknown; expires_in?: unknown } = {};
    try {
      answer = JSON.parse(text) as typeof answer;
    } catch {
      // Told below.
    }
    const { access_token, expires_in } = answer;
    if (!response.ok || typeof access_token !== "string") {
      throw new ConfigurationError(
        `${this.host} does not let the service principal ${id} in (${status}); check client id and secret, and that it may use this workspace`,
      );
    }
    keepSecret(access_token);
    const seconds = typeof expires_in === "number" ? expires_in : 3600;
    this.#current = { token: access_token, until: performance.now() + Math.max(1, seconds - margin) * 1000 };
    return access_token;
  }
}
