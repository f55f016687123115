import { join } from "node:path";
import { TrackingError } from "../core/index.ts";
import { privateFolder } from "./home.ts";
import type { LocalService, StartOptions } from "./local-service.ts";
import { pythonPath } from "./python.ts";

/** A tracking server. */
export interface MlflowServer {
  /** Its address: http(s), or what else `MLFLOW_TRACKING_URI` holds (`databricks`). */
  readonly uri: string;
  /** True for the local one that lmframe started, false for one the environment names. */
  readonly owned: boolean;
}

/** MLflow on loopback: runs in SQLite, artifacts in a folder behind the server, both in the project's home. */
export const mlflowService: LocalService = {
  name: "mlflow",
  title: "MLflow",
  patience: 180,

  async prepare(port) {
    const folder = await privateFolder("mlflow");
    return {
      command: {
        program: pythonPath(),
        args: [
          ...["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
          "--uvicorn-opts=--no-access-log", // a line for every request would fill the log
          ...["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`],
          ...["--artifacts-destination", join(folder, "artifacts")],
        ],
        env: {
          MLFLOW_DISABLE_TELEMETRY: "true",
          DO_NOT_TRACK: "true",
          MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        },
      },
    };
  },

  async answers({ port }, log) {
    // It asks for no key. That it says in its own log that it has the port tells it from a stranger there.
    if (!log.includes(`running on ${address(port)}`)) return false;
    const reply = await fetch(`${address(port)}/health`, { signal: AbortSignal.timeout(5000) });
    return reply.ok && (await reply.text()) === "OK";
  },

  failed: (why) =>
    new TrackingError(`MLflow did not start: ${why}\nOr set MLFLOW_TRACKING_URI to a server you have.`),
};

/**
 * The tracking server to use: `MLFLOW_TRACKING_URI`, taken as it stands; else the project's local one, started
 * where it does not run (6 s; half a minute the first time).
 *
 * Throws {@link ConfigurationError} where the Python side is missing, {@link TrackingError} where the server
 * does not start.
 */
export async function ensureMlflow(options?: StartOptions): Promise<MlflowServer> {
  const uri = process.env.MLFLOW_TRACKING_URI;
  if (uri) return { uri, owned: false };
  const { findOrStart } = await import("./local-service.ts"); // processes and sockets load on use
  const { port } = await findOrStart(mlflowService, options);
  return { uri: address(port), owned: true };
}

function address(port: number): string {
  return `http://127.0.0.1:${port}`;
}
