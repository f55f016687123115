import {
  ContextVariable,
  type DatasetRecord,
  redact,
  type RunRecord,
  type Trackable,
} from "../core/index.ts";
import { experimentName } from "./experiment.ts";
import type { Logged } from "./logged.ts";
import type { Operation, RunReference } from "./operation.ts";
import { Outbox } from "./outbox.ts";
import { logRecord, RunLog } from "./run-log.ts";

/** Where a run goes. */
export interface RunOptions {
  /** Name of the experiment. Default: that of `setExperiment`, else `MLFLOW_EXPERIMENT_NAME`, else "lmframe". */
  experiment?: string | undefined;
  /** The run it is shown beneath: what `log` or `run` gave, or a run's id. Default: the run it is logged within. */
  parent?: Pick<Logged, "key" | "runId"> | string | undefined;
}

/** What `mlflow.log` takes beside the result. */
export interface LogOptions extends RunOptions {
  /** Further files: path among the run's artifacts to content. */
  artifacts?: Readonly<Record<string, string | Uint8Array>> | undefined;
}

/** A run that ended, with what its body gave. */
export type LoggedRun<T> = Logged & { readonly value: T };

const current = new ContextVariable<ActiveRun>();

/** The run that the calling code runs within. */
export function activeRun(): ActiveRun | undefined {
  return current.get();
}

/**
 * A run that is under way. What is logged is on disk at once and sent in the background; nothing waits for the
 * server, and nothing fails while it is away.
 */
export class ActiveRun {
  readonly #log: RunLog;
  readonly #outbox: Outbox;
  /** Name of the experiment it was begun for. */
  readonly experiment: string;
  readonly #steps = new Map<string, number>();

  /** @internal */
  constructor(log: RunLog, outbox: Outbox, experiment: string) {
    this.#log = log;
    this.#outbox = outbox;
    this.experiment = experiment;
  }

  /** lmframe's key of the run: its tag `lmframe.run_key`. */
  get key(): string {
    return this.#log.key;
  }

  /** The server's id of the run, once it answered. */
  get runId(): string | undefined {
    return this.#outbox.logged(this.key).runId;
  }

  /** Logs a parameter. @throws ConfigurationError where it was logged with another value. */
  param(name: string, value: string | number | boolean): void {
    this.#log.params({ [name]: value });
  }

  /**
   * Logs one value of a metric.
   *
   * @param at - `step`, default one more than the metric's last (from 0), and `timestamp` in milliseconds since
   * the epoch, default now.
   */
  metric(name: string, value: number, at: { step?: number; timestamp?: number } = {}): void {
    const step = at.step ?? (this.#steps.get(name) ?? -1) + 1;
    this.#steps.set(name, step);
    this.#log.metrics({ [name]: [{ value, step, timestamp: at.timestamp ?? Date.now() }] });
  }

  /** Sets a tag. */
  tag(name: string, value: string): void {
    this.#log.tags({ [name]: value });
  }

  /** Logs rows as the table `<name>.json`; of the same name, in place of the former. */
  table(name: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
    this.#log.table(name, rows);
  }

  /** Logs a file, in place of one of the same path. */
  artifact(path: string, content: string | Uint8Array): void {
    this.#log.file(path, content);
  }

  /** Adds a dataset to the run's inputs. */
  dataset(dataset: DatasetRecord): void {
    this.#log.datasets([dataset]);
  }

  /** Logs a result as a run beneath this one. */
  async log(result: Trackable | RunRecord, artifacts: LogOptions["artifacts"] = {}): Promise<Logged> {
    const { key } = logRecord(
      recordOf(result),
      { experiment: this.experiment, parent: { key: this.key } },
      (operation) => this.#outbox.write(operation),
      artifacts,
    );
    await this.#outbox.flush();
    return this.#outbox.logged(key);
  }

  /** Does work as a run beneath this one. */
  async child<T>(name: string, body: (run: ActiveRun) => Promise<T> | T): Promise<LoggedRun<T>> {
    const log = new RunLog({ name, experiment: this.experiment, parent: { key: this.key } }, (operation) =>
      this.#outbox.write(operation),
    );
    const value = await within(new ActiveRun(log, this.#outbox, this.experiment), log, body);
    await this.#outbox.flush();
    return { ...this.#outbox.logged(log.key), value };
  }

  /** Waits until the server has what was logged so far, or is found to be away. */
  flush(): Promise<void> {
    return this.#outbox.flush();
  }
}

/** Runs the body in the run, and ends the run as the body ends. */
async function within<T>(run: ActiveRun, log: RunLog, body: (run: ActiveRun) => Promise<T> | T): Promise<T> {
  try {
    const value = await current.run(run, async () => body(run));
    log.end("FINISHED");
    return value;
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log.tags({ "lmframe.error": redact(message) });
    log.end(error instanceof Error && error.name === "AbortError" ? "KILLED" : "FAILED");
    throw error;
  }
}

/**
 * Does work as a run of its own: parameters, metrics, tables and files are logged as it goes, and the run ends as
 * the body ends (an error: failed; an abort: killed). What is logged within it, `log` included, goes beneath it.
 *
 * Where the server is away the whole run waits on disk for `sync`, and a warning says so.
 */
export async function run<T>(
  name: string,
  body: (run: ActiveRun) => Promise<T> | T,
  options: RunOptions = {},
): Promise<LoggedRun<T>> {
  const experiment = options.experiment ?? experimentName();
  const parent = reference(options);
  const begun: Operation[] = [];
  let write = (operation: Operation): void => void begun.push(operation);
  const log = new RunLog({ name, experiment, parent }, (operation) => write(operation));
  const outbox = await Outbox.open(name, begun);
  write = (operation) => outbox.write(operation);
  let value: T;
  try {
    value = await within(new ActiveRun(log, outbox, experiment), log, body);
  } catch (error) {
    // The body's error is the one to hear of.
    await close(outbox, name).catch((failure: unknown) => process.emitWarning(String(failure)));
    throw error;
  }
  await close(outbox, name);
  return { ...outbox.logged(log.key), value };
}

/**
 * Logs a result as a finished run: an evaluation, an optimisation, or a record made by hand.
 *
 * Where the server is away the run waits on disk, whole, for `sync`; a warning says so, and `spooled` is true.
 *
 * @throws TrackingError where the server wants other credentials or cannot take the run; it is kept on disk then
 * too.
 */
export async function log(result: Trackable | RunRecord, options: LogOptions = {}): Promise<Logged> {
  const record = recordOf(result);
  const active = activeRun();
  if (active && options.parent === undefined && options.experiment === undefined) {
    return active.log(record, options.artifacts);
  }
  const operations: Operation[] = [];
  const { key } = logRecord(
    record,
    { experiment: options.experiment ?? experimentName(), parent: reference(options) },
    (operation) => operations.push(operation),
    options.artifacts,
  );
  const outbox = await Outbox.open(record.name, operations);
  await close(outbox, record.name);
  return outbox.logged(key);
}

async function close(outbox: Outbox, name: string): Promise<void> {
  const reason = await outbox.close();
  if (reason === undefined) return;
  process.emitWarning(
    `${reason}; the run "${redact(name)}" waits on disk, and \`lmframe sync\` or mlflow.sync() sends it`,
  );
}

function recordOf(result: Trackable | RunRecord): RunRecord {
  return "toRun" in result ? result.toRun() : result;
}

function reference({ parent, experiment }: RunOptions): RunReference | undefined {
  if (typeof parent === "string") return { id: parent };
  if (parent) return parent.runId === undefined ? { key: parent.key } : { id: parent.runId };
  const active = experiment === undefined ? activeRun() : undefined;
  return active && { key: active.key };
}
