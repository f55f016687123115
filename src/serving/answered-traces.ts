import { setTimeout as pause } from "node:timers/promises";
import { errorText, redact } from "../core/index.ts";
import type { Principal } from "../modules/index.ts";
import { type Assessment, mlflow } from "../tracking/index.ts";

/** Header that names the trace of an answer; feedback takes it back. */
export const traceHeader = "x-lmframe-trace";

/** Traces that are remembered; of those beyond, the oldest is forgotten. About 20 MB. */
const remembered = 100_000;

/** Judgements that wait for MLflow. */
const mayWait = 1000;

/** Milliseconds that a server which stops gives MLflow to take what waits. */
const patience = 10_000;

/** The traces that were answered, each to whom, and the judgements that they who were answered put on them. */
export class AnsweredTraces {
  readonly #callers = new Map<string, string | undefined>();
  readonly #log: (line: string) => void;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param log - is told of judgements that did not reach their trace. */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  add(trace: string, principal: Principal | undefined): void {
    this.#callers.set(trace, principal?.id);
    if (this.#callers.size > remembered) this.#callers.delete(this.#callers.keys().next().value!);
  }

  wasAnsweredTo(trace: string, principal: Principal | undefined): boolean {
    return this.#callers.has(trace) && this.#callers.get(trace) === principal?.id;
  }

  /** Puts a judgement on a trace in the background, after those before it. Where that fails it is not tried again. */
  judge(trace: string, assessment: Assessment): void {
    const fail = (why: string) => this.#log(redact(`a rating is not on its trace ${trace}: ${why}`));
    if (this.#waiting >= mayWait) return fail(`${mayWait} others wait for MLflow`);
    this.#waiting++;
    this.#last = this.#last
      .then(() => mlflow.assess(trace, assessment))
      .catch((error: unknown) => fail(errorText(error)))
      .finally(() => void this.#waiting--);
  }

  /** Until no judgement waits, or 10 seconds are over. */
  async settled(): Promise<void> {
    const stop = new AbortController();
    const late = pause(patience, undefined, { signal: stop.signal }).then(
      () => this.#log(`${this.#waiting} ratings are not on their traces: MLflow did not take them in time`),
      () => undefined,
    );
    await Promise.race([this.#last, late]);
    stop.abort();
  }
}
