import { ensureMlflow } from "../services/mlflow.ts";
import { MlflowClient } from "./client.ts";
import { serverAddress } from "./server-address.ts";

/** A server that is there, and how a spool file names it. */
export interface Server {
  client: MlflowClient;
  /** Null for the project's local one, whose port is another each time. */
  name: string | null;
}

/** How a spool file names the server in force: `MLFLOW_TRACKING_URI`, else null for the project's local one. */
export function serverName(): string | null {
  const address = process.env.MLFLOW_TRACKING_URI;
  return address ? serverAddress(address).uri : null;
}

let last: { key: string; server: Server } | undefined;

/**
 * The server in force; the local one is started where it does not run.
 *
 * @throws ConfigurationError where the address is not http(s); what the local server's start throws.
 */
export async function connectServer(): Promise<Server> {
  const name = serverName();
  const uri = process.env.MLFLOW_TRACKING_URI || (await ensureMlflow()).uri;
  // Credentials may change while the address stays.
  const { env } = process;
  const key = JSON.stringify([
    uri,
    env.MLFLOW_TRACKING_TOKEN,
    env.MLFLOW_TRACKING_USERNAME,
    env.MLFLOW_TRACKING_PASSWORD,
    env.DATABRICKS_HOST,
    env.DATABRICKS_TOKEN,
  ]);
  if (last?.key !== key) last = { key, server: { client: new MlflowClient({ uri }), name } };
  return last.server;
}
