import { display, redactor } from "../../core/index.ts";
import type { Module } from "../../modules/index.ts";
import { experimentName, experimentTags } from "../experiment.ts";
import type { Logged } from "../logged.ts";
import { activeRun } from "../run.ts";
import { register } from "../registry.ts";
import { connectServer } from "../server.ts";
import { runOnServer } from "../stored-run.ts";
import { modelFiles, type ModelSource } from "./files.ts";
import { createModel, type LoggedModel, showModel } from "./logged-model.ts";
import { mlflowVersion } from "./mlflow-version.ts";

/** How a model is logged. */
export interface LogModelOptions extends Omit<ModelSource, "program"> {
  /** Default: the program's class. */
  name?: string | undefined;
  /** Registers it under this name; true: `lmframe-` and the model's name. Default: it is not registered. */
  registeredName?: string | true | undefined;
  /** Aliases of the new version, such as `challenger`, where it is registered. */
  aliases?: readonly string[] | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
  /** The run it is of: what `log` or `run` gave, or a run's id. Default: the run it is logged within, or none. */
  run?: Pick<Logged, "runId"> | string | undefined;
  /** Name of the experiment of a model without a run. Default: the one in force. */
  experiment?: string | undefined;
}

/**
 * Logs a program as a model that any tool of MLflow loads: `mlflow.pyfunc.load_model`, `mlflow models serve`, a Spark
 * function. A table goes in and a table comes out, one row a row, with the outputs and a column `error`, which says of a
 * row that failed why.
 *
 * The model holds the program's state, its code with all that it imports as one file for Node, its signature, an
 * input example and the Python packages it needs. It holds no endpoint and no key: those are configured where it is loaded,
 * by `OPENAI_BASE_URL`, `OPENAI_API_KEY` and `OPENAI_MODEL`. A lone `Predict` or `ChainOfThought` needs no `module`;
 * any other program needs the file that exports it or its class.
 *
 * @throws ConfigurationError where the program does not start from what would be logged, or its code holds a key;
 * TrackingError where the server is away: unlike a run, a model does not wait on disk.
 */
export async function logModel(program: Module, options: LogModelOptions = {}): Promise<LoggedModel> {
  const { client } = await connectServer();
  const name = options.name ?? program.constructor.name;
  const run = await runOf(options.run);
  const { files, describe } = await modelFiles({ ...options, program }, await mlflowVersion(client));
  const { tryWorker } = await import("./try-worker.ts"); // processes load on use
  await tryWorker(files, program.signature.toString());
  const experimentId =
    run?.experimentId ?? (await client.experiment(options.experiment ?? experimentName(), experimentTags));
  const redact = redactor();
  const model = await createModel(
    client,
    {
      name,
      experimentId,
      runId: run?.id,
      params: redact.value({ program: program.constructor.name, signature: program.signature.toString() }),
      tags: redact.value({ ...options.tags, "lmframe.kind": "model" }),
    },
    (modelId) =>
      new Map([
        ...files,
        [
          "MLmodel",
          describe({ ...(run && { run_id: run.id }), model_id: modelId, utc_time_created: created() }),
        ],
      ]),
  );
  const { registeredName, aliases } = options;
  const registered =
    registeredName === undefined
      ? undefined
      : await register(model, registeredName === true ? `lmframe-${name}` : registeredName, {
          ...(aliases && { aliases }),
        });
  const logged = { ...model, version: registered };
  return { ...logged, [display]: () => showModel(logged) };
}

/** The run that is meant, on the server. */
async function runOf(run: LogModelOptions["run"]): Promise<{ id: string; experimentId: string } | undefined> {
  const active = activeRun();
  if (run === undefined) await active?.flush();
  const id = typeof run === "string" ? run : (run ?? active)?.runId;
  if (id === undefined) return undefined;
  const { client } = await connectServer();
  const { info } = await runOnServer(client, id);
  return { id, experimentId: info.experiment_id };
}

function created(): string {
  return new Date().toISOString().replace("T", " ").replace("Z", "000");
}
