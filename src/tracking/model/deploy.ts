import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Displayable,
  display,
  escapeHtml,
  keepSecret,
  redact,
  startProgress,
  TrackingError,
} from "../../core/index.ts";
import { isModule, type Module } from "../../modules/index.ts";
import { privateFolder } from "../../services/home.ts";
import { ensureModel } from "../../services/model.ts";
import { isAlive } from "../../services/process-identity.ts";
import { pythonPath } from "../../services/python.ts";
import { connectServer } from "../server.ts";
import { logModel, type LogModelOptions } from "./log-model.ts";
import type { LoggedModel } from "./logged-model.ts";
import { nodePath } from "./node-path.ts";

/** How a model is served. */
export interface DeployOptions extends LogModelOptions {
  /** Port of loopback. Default: a free one. */
  port?: number | undefined;
  /**
   * Environment of the server, over this process's own: `OPENAI_BASE_URL`, `OPENAI_MODEL`. Default: what this process
   * has, else the embedded model.
   */
  env?: Readonly<Record<string, string>> | undefined;
  /** Seconds to wait until it answers. Default 180. */
  patience?: number | undefined;
}

/** A model that is served on loopback by `mlflow models serve`. Ends with this process. */
export interface Deployment extends Displayable {
  /** What is served: `models:/…`. */
  readonly model: string;
  /** Address of the server; rows are posted to `/invocations` below it. */
  readonly url: string;
  /** Answers rows: the outputs of each, and `error`. @throws TrackingError with the server's reason. */
  predict(rows: readonly Readonly<Record<string, unknown>>[]): Promise<Record<string, unknown>[]>;
  /** Ends the server and the programs it started. */
  stop(): Promise<void>;
}

/**
 * Serves a program: logs it as a model and starts `mlflow models serve` for that, from this machine's Python.
 *
 * @param what - a program; or a logged model, a version of the registry (`await mlflow.registry.version(…)`) or the URI
 * of one, for which the options of logging do not count.
 * @throws TrackingError where the server does not start; what {@link logModel} throws.
 */
export async function deploy(
  what: Module | Pick<LoggedModel, "uri"> | string,
  options: DeployOptions = {},
): Promise<Deployment> {
  const model = isModule(what)
    ? (await logModel(what, options)).uri
    : typeof what === "string"
      ? what
      : what.uri;
  const { freePort, startDetached, stopTree } = await import("../../services/process.ts");
  const { watchOwner } = await import("../../services/owner.ts");
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const log = join(await privateFolder("deployments"), `${port}.log`);
  const server = ["-m", "mlflow", "models", "serve", "--model-uri", model, "--env-manager", "local"];
  const { client } = await connectServer();
  const progress = startProgress("starting the model's server");
  const python = pythonPath();
  const command = {
    program: python,
    args: [...server, "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
    env: {
      MLFLOW_TRACKING_URI: client.uri,
      MLFLOW_DISABLE_TELEMETRY: "true",
      LMFRAME_NODE: process.execPath,
      // What the model's code leaves out is found where this program finds it.
      NODE_PATH: nodePath(),
      LMFRAME_PYTHON: python,
      // MLflow starts uvicorn by its name.
      PATH: `${dirname(python)}${delimiter}${process.env.PATH ?? ""}`,
      ...(await endpoint(options.env)),
      ...options.env,
    },
  };
  try {
    const identity = await startDetached(command, log);
    watchOwner(identity, process.pid);
    const deadline = Date.now() + (options.patience ?? 180) * 1000;
    while (!(await answers(url))) {
      if (isAlive(identity) && Date.now() < deadline) {
        await pause(100);
        continue;
      }
      await stopTree(identity);
      throw new TrackingError(
        `the server of ${model} did not start; the end of ${log}:\n${await endOf(log)}`,
      );
    }
    return {
      model,
      url,
      predict: (rows) => predict(url, rows),
      stop: () => stopTree(identity),
      [display]: () => ({
        "text/html": `<p>${escapeHtml(model)} at <code>${escapeHtml(url)}/invocations</code></p>`,
        "text/plain": `${model} at ${url}/invocations`,
      }),
    };
  } finally {
    progress.end();
  }
}

/** What leads the served program to a language model. */
async function endpoint(given: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL } = { ...process.env, ...given };
  if (OPENAI_API_KEY || OPENAI_BASE_URL) return OPENAI_API_KEY ? { OPENAI_API_KEY } : {};
  const { baseURL, apiKey, model } = await ensureModel();
  keepSecret(apiKey);
  return {
    OPENAI_BASE_URL: baseURL,
    OPENAI_API_KEY: apiKey,
    ...(model !== undefined && { OPENAI_MODEL: model }),
  };
}

async function answers(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2000);
  return fetch(`${url}/ping`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function predict(
  url: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${url}/invocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ dataframe_records: rows }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new TrackingError(`${url} answered ${response.status}: ${redact(text.slice(0, 2000))}`, {
      status: response.status,
    });
  }
  return (JSON.parse(text) as { predictions: Record<string, unknown>[] }).predictions;
}

async function endOf(log: string): Promise<string> {
  const text = await readFile(log, "utf8");
  return redact(text.trim().split("\n").slice(-15).join("\n"));
}
