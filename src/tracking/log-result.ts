import { ConfigurationError, type RunRecord, type Trackable } from "../core/index.ts";
import { isModule, type Module } from "../modules/index.ts";
import type { Logged } from "./logged.ts";
import { logModel, type LogModelOptions } from "./model/log-model.ts";
import type { LoggedModel } from "./model/logged-model.ts";
import { noteEvaluation, type PromptVersion, registerPrompts } from "./prompts.ts";
import { log, type LogOptions } from "./run.ts";

/** What `mlflow.log` takes beside the result. */
export interface LogResultOptions extends LogOptions {
  /** Logs the result's program as a model of the run as well; see `mlflow.logModel`. */
  model?: Omit<LogModelOptions, "run" | "experiment"> | undefined;
  /** Registers the program's prompts under this name, and notes an evaluation among them. */
  prompts?: string | undefined;
}

/** What was logged of a result. */
export interface LoggedResult extends Logged {
  readonly model: LoggedModel | undefined;
  readonly prompts: readonly PromptVersion[];
}

/**
 * Logs a result as a finished run: an evaluation, an optimisation, or a record made by hand; where told to, its program as
 * a model and its prompts as well, each linked to the run.
 *
 * Where the server is away the run waits on disk, whole, for `sync`; a warning says so, and `spooled` is true. A model
 * and prompts do not wait, and are left out then.
 *
 * @throws TrackingError where the server wants other credentials or cannot take the run; it is kept on disk then too.
 * ConfigurationError where a model or prompts are wanted of a result that has no program.
 */
export async function logResult(
  result: Trackable | RunRecord,
  options: LogResultOptions = {},
): Promise<LoggedResult> {
  const { model, prompts, ...where } = options;
  const program = model || prompts !== undefined ? programOf(result) : undefined;
  const logged = await log(result, where);
  const { runId } = logged;
  if (!program || runId === undefined || logged.spooled) {
    if (program) process.emitWarning("the run waits on disk, and its model and prompts are not logged");
    return { ...logged, model: undefined, prompts: [] };
  }
  const loggedModel = model && (await logModel(program, { ...model, run: runId }));
  const evaluation = evaluationOf(result);
  let versions: PromptVersion[] = [];
  if (prompts !== undefined) {
    versions = await registerPrompts(program, prompts, { runId, modelId: loggedModel?.modelId });
    if (evaluation) versions = await noteEvaluation(versions, { ...evaluation, runId });
  }
  return { ...logged, model: loggedModel, prompts: versions };
}

/** An evaluation or an optimisation, as far as its program goes. */
interface ProgramResult {
  program?: unknown;
  subject?: { program?: unknown; metric?: string };
  score?: number;
  stopped?: string | undefined;
}

function programOf(result: Trackable | RunRecord): Module {
  const { program: own, subject } = result as ProgramResult;
  const program = own ?? subject?.program;
  if (isModule(program)) return program;
  throw new ConfigurationError(
    "this result has no program to log as a model or to take prompts from: log an evaluation or an optimisation, or use mlflow.logModel",
  );
}

/** The score of an evaluation that went to its end; one that was cut short says nothing of its prompts. */
function evaluationOf(result: Trackable | RunRecord): { metric: string; score: number } | undefined {
  const { subject, score, stopped } = result as ProgramResult;
  if (subject?.metric === undefined || stopped !== undefined) return undefined;
  return score === undefined || Number.isNaN(score) ? undefined : { metric: subject.metric, score };
}
