import { ConfigurationError, keepSecret } from "../core/index.ts";

/** Where a tracking server is, and what opens it. Only `uri` may be shown or written down. */
export interface ServerAddress {
  /** http(s) address without credentials and without a slash at its end. */
  uri: string;
  /** Value of the `Authorization` header, where one is needed. */
  authorization: string | undefined;
}

/**
 * Reads an MLflow address. Credentials are taken out of it: those in the address come first, then
 * `MLFLOW_TRACKING_TOKEN`, then `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD`. `databricks` is the workspace
 * of `DATABRICKS_HOST`, opened by `DATABRICKS_TOKEN`.
 *
 * @throws ConfigurationError where it is not an http(s) address.
 */
export function serverAddress(address: string, token?: string): ServerAddress {
  const { DATABRICKS_HOST, DATABRICKS_TOKEN } = process.env;
  if (address === "databricks" && DATABRICKS_HOST) {
    const host = /^https?:\/\//.test(DATABRICKS_HOST) ? DATABRICKS_HOST : `https://${DATABRICKS_HOST}`;
    return serverAddress(host, token ?? DATABRICKS_TOKEN);
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new ConfigurationError(
      `invalid MLflow address${url ? ` of kind "${url.protocol}"` : ""}: expected http://host:port or https://host. ` +
        "lmframe speaks to a server: start one with `mlflow server` over a file or database, and set MLFLOW_TRACKING_URI to its address",
    );
  }
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = url.password = url.search = url.hash = "";
  return {
    uri: url.href.replace(/\/+$/, ""),
    authorization: authorization(username, password, token),
  };
}

function authorization(username: string, password: string, token: string | undefined): string | undefined {
  if (token === undefined && (username || password)) return basic(username, password);
  const { MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD } = process.env;
  const bearer = token ?? MLFLOW_TRACKING_TOKEN;
  if (bearer) {
    keepSecret(bearer);
    return `Bearer ${bearer}`;
  }
  if (MLFLOW_TRACKING_USERNAME) return basic(MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD ?? "");
  return undefined;
}

function basic(username: string, password: string): string {
  keepSecret(password);
  const encoded = Buffer.from(`${username}:${password}`).toString("base64");
  keepSecret(encoded);
  return `Basic ${encoded}`;
}
