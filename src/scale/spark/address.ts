import { ConfigurationError, keepSecret } from "../../core/index.ts";

/** A Spark Connect server, as a connection string names it. */
export interface SparkAddress {
  host: string;
  port: number;
  /** Whether the connection is encrypted. */
  tls: boolean;
  token: string | undefined;
  userId: string | undefined;
  sessionId: string | undefined;
  /** Further parameters; they go with every request as its headers, as `x-databricks-cluster-id` does. */
  headers: Readonly<Record<string, string>>;
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Host (IPv6 in brackets), port, and parameters. */
const shape = /^sc:\/\/(\[[\da-fA-F:]+\]|[^\s:/;?#@[\]]+)(?::(\d{1,5}))?(?:\/(?:;(.*))?)?$/;
const form = "sc://host:15002/;use_ssl=true;token=…";

/**
 * Reads a connection string in the form that Spark's own clients take
 * (https://spark.apache.org/docs/latest/spark-connect-overview.html): `sc://host:port/;name=value;…`, with `use_ssl`,
 * `token`, `user_id` and `session_id`; port 15002 where none is named. A token implies encryption, except on loopback.
 *
 * @throws ConfigurationError for what is not one, and where `use_ssl=false` would send a token in the clear.
 */
export function readAddress(remote: string): SparkAddress {
  const [, host, port, written = ""] = shape.exec(remote) ?? [];
  if (host === undefined) throw new ConfigurationError(`invalid Spark Connect address; expected ${form}`);
  const parameters = new Map<string, string>();
  for (const part of written.split(";")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 1)
      throw new ConfigurationError(`invalid Spark Connect address: no name=value in it; expected ${form}`);
    parameters.set(decodeURIComponent(part.slice(0, at)), decodeURIComponent(part.slice(at + 1)));
  }
  const take = (name: string) => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value || undefined;
  };
  const token = take("token");
  if (token !== undefined) keepSecret(token);
  const local = loopback.has(host);
  const tls = (take("use_ssl") ?? String(token !== undefined && !local)).toLowerCase() === "true";
  if (token !== undefined && !tls && !local) {
    throw new ConfigurationError(
      "a token would go to the Spark server in the clear: leave use_ssl=false out of its address",
    );
  }
  return {
    host,
    port: port === undefined ? 15002 : Number(port),
    tls,
    token,
    userId: take("user_id"),
    sessionId: take("session_id"),
    headers: Object.fromEntries(parameters),
  };
}
