import type { Evaluation, PredictorUse } from "../../evaluate/index.ts";
import { inputColumns, pick } from "../../modules/run-row.ts";
import { type Logged, type LogOptions, mlflow } from "../../tracking/index.ts";
import { type Complexity, measuredComplexity } from "./complexity.ts";

/** What a model made of one task. */
export interface ModelTrial {
  /** How hard the task was, from 0 to 1. */
  complexity: number;
  score: number;
  /** US dollars; null where the price is not known. */
  cost: number | null;
  seconds: number;
  /**
   * False where a call of a model was answered from a cache, or without a count of tokens: cost and time are then not what
   * the model takes, and nothing is learned from them. Default true.
   */
  metered?: boolean | undefined;
}

/** What a model made of many tasks: what {@link ModelSelector} learns from. */
export interface ModelRecord {
  /** The model's name in the registry. */
  model: string;
  trials: readonly ModelTrial[];
}

const modelTag = "lmframe.model";
const table = "model_trials";

/**
 * What an evaluation tells of the model it was made with. Outages tell nothing and are left out; answers from a cache tell
 * how good the model is, and not what it takes.
 *
 * @param complexity of a row's inputs; default {@link measuredComplexity}. Whoever selects has to measure in the same way.
 */
export async function modelRecord(
  model: string,
  evaluation: Evaluation,
  complexity: Complexity = measuredComplexity,
): Promise<ModelRecord> {
  const { program } = evaluation.subject;
  const trials: ModelTrial[] = [];
  for (const result of evaluation.rows) {
    const { row, status, score, cost, seconds } = result;
    if (status === "outage") continue;
    const inputs = pick(row, inputColumns(program, Object.keys(row)));
    const metered = ![result, ...result.trace.map(({ used }) => used)].some(unmetered);
    trials.push({ complexity: await complexity(inputs), score, cost, seconds, metered });
  }
  return { model, trials };
}

/** Whether models were called and nothing of it was counted. */
function unmetered(used: PredictorUse | undefined): boolean {
  return used !== undefined && used.calls > 0 && used.inputTokens + used.outputTokens === 0 && !used.cost;
}

/** Logs an evaluation as a run that {@link readModelRecords} finds: with the model's name and its trials. */
export async function logModelRecord(
  { model, trials }: ModelRecord,
  evaluation: Evaluation,
  options?: LogOptions,
): Promise<Logged> {
  const record = evaluation.toRun();
  return mlflow.log(
    {
      ...record,
      tags: { ...record.tags, [modelTag]: model },
      tables: { ...record.tables, [table]: trials.map((trial) => ({ ...trial })) },
    },
    options,
  );
}

/** The records in MLflow's runs of an experiment, those of one model put together. */
export async function readModelRecords(
  options: {
    /** Default: the experiment in force. */
    experiment?: string | undefined;
    /** Runs to read at most, the newest first. Default 100. */
    limit?: number | undefined;
  } = {},
): Promise<ModelRecord[]> {
  const records = new Map<string, ModelTrial[]>();
  for (const { runId, tags } of await mlflow.search({
    ...options,
    filter: `tags.\`${modelTag}\` LIKE '%'`,
  })) {
    const model = tags[modelTag]!;
    const trials = (await mlflow.readTable(runId, table)) as unknown as ModelTrial[];
    records.set(model, [...(records.get(model) ?? []), ...trials]);
  }
  return [...records].map(([model, trials]) => ({ model, trials }));
}
