import { setTimeout as wait } from "node:timers/promises";
import type { CellRunner } from "./cell-runner.ts";
import { setCurrentCell } from "../core/current-cell.ts";
import type { Failure } from "./failure.ts";
import { presentation } from "./presentation.ts";

/** Sends a message about a cell to whoever shows the notebook. */
export type Publish = (type: string, content: Record<string, unknown>) => void;

/** An `execute_request` of Jupyter's protocol. */
export interface ExecuteRequest {
  readonly code: string;
  readonly silent?: boolean;
  readonly store_history?: boolean;
  readonly stop_on_error?: boolean;
  /** Which cell of the notebook this is, where the front end tells. */
  readonly cell?: string | undefined;
}

/** Requests that were sent together may still be on their way when the first of them has failed. */
const stragglers = 50;

/** Runs requests in the order they came, and tells of each what Jupyter's protocol asks for. */
export class Session {
  readonly #runner: CellRunner;
  readonly #begin: (publish: Publish) => void;
  #queue: Promise<unknown> = Promise.resolve();
  #count = 0;
  #runs = 0;
  #arrived = 0;
  /** Requests up to this one are not to run: they were sent before it was known that one before them failed. */
  #aborted = 0;

  /** `begin` hears of each cell that starts, with the way to send messages about it. */
  constructor(runner: CellRunner, begin: (publish: Publish) => void) {
    this.#runner = runner;
    this.#begin = begin;
  }

  /** Runs a cell once those before it have ended, and gives the content of the reply. */
  execute(request: ExecuteRequest, publish: Publish): Promise<Record<string, unknown>> {
    const place = ++this.#arrived;
    const reply = this.#queue.then(() =>
      place <= this.#aborted ? { status: "aborted" } : this.#run(request, publish),
    );
    this.#queue = reply;
    return reply;
  }

  async #run(request: ExecuteRequest, publish: Publish): Promise<Record<string, unknown>> {
    const quiet = request.silent === true;
    if (!quiet && request.store_history !== false) this.#count++;
    const execution_count = this.#count;
    if (!quiet) publish("execute_input", { code: request.code, execution_count });
    const run = ++this.#runs;
    setCurrentCell({ cell: request.cell ?? `run ${run}`, run });
    this.#begin(publish);

    const failure = await this.#show(request, publish, execution_count);
    if (!failure) return { status: "ok", execution_count, user_expressions: {}, payload: [] };
    if (request.stop_on_error !== false) {
      await wait(stragglers);
      this.#aborted = this.#arrived;
    }
    if (!quiet) publish("error", { ...failure });
    return { status: "error", execution_count, ...failure };
  }

  async #show(
    request: ExecuteRequest,
    publish: Publish,
    execution_count: number,
  ): Promise<Failure | undefined> {
    const { value, failure } = await this.#runner.run(request.code, execution_count);
    if (value === undefined || request.silent) return failure;
    try {
      publish("execute_result", { execution_count, data: await presentation(value), metadata: {} });
      return failure;
    } catch (error) {
      return failure ?? this.#runner.failureOf(error);
    }
  }
}
