import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Progress, startProgress } from "../../core/index.ts";
import type { Connection } from "./connection.ts";
import { type ExecutePlanResponse, interruptType, type Plan } from "./protocol.ts";
import { grpcStatus } from "./spark-error.ts";

/** How an execution is watched and ended. */
export interface ExecuteOptions {
  /** Ends the execution on the server. */
  signal?: AbortSignal | undefined;
  /** What the progress is called. Default `spark`. */
  label?: string | undefined;
}

/** Times that a broken stream is taken up again without anything new having come; some 60 seconds in all. */
const mostAttempts = 10;

/**
 * Runs a plan and yields what the server answers. The stream may break, or end early as the server does after two
 * minutes: it is taken up again behind the last answer that came. An execution whose reader stops early, or whose
 * signal aborts, is ended on the server.
 */
export async function* execute(
  connection: Connection,
  doing: string,
  plan: Plan,
  { signal, label = "spark" }: ExecuteOptions = {},
): AsyncGenerator<ExecutePlanResponse, void> {
  signal?.throwIfAborted();
  const operation = { operation_id: randomUUID() };
  // The server tells of work that takes seconds; what is quickly done is not shown.
  let progress: Progress | undefined;
  let tasks = 0;
  const begin = () =>
    connection.stream<ExecutePlanResponse>("ExecutePlan", {
      ...operation,
      plan,
      request_options: [{ reattach_options: { reattachable: true } }],
    });
  let stream = begin();
  let last: string | undefined;
  let complete = false;
  let attempts = 0;
  const interrupt = () => {
    stream.cancel();
    connection
      .ask("end an execution", "Interrupt", { interrupt_type: interruptType.operation, ...operation })
      .catch(() => undefined);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    for (;;) {
      let again = false;
      try {
        for await (const response of stream) {
          attempts = 0;
          last = response.response_id ?? last;
          connection.observe(response.server_side_session_id);
          complete = response.result_complete !== undefined;
          if (complete) break;
          if (response.execution_progress) {
            const { stages = [] } = response.execution_progress;
            const sum = (count: (stage: (typeof stages)[number]) => number | undefined) =>
              stages.reduce((total, stage) => total + (count(stage) ?? 0), 0);
            tasks = sum((stage) => stage.num_tasks);
            if (tasks === 0) continue;
            progress ??= startProgress(label);
            progress.expect(tasks);
            progress.set(sum((stage) => stage.num_completed_tasks));
          } else yield response;
        }
      } catch (error) {
        signal?.throwIfAborted();
        const neverArrived =
          last === undefined && connection.errorClassOf(error).includes("OPERATION_NOT_FOUND");
        if (attempts++ === mostAttempts || !(neverArrived || isCut(error))) {
          throw await connection.explain(doing, error);
        }
        await pause(Math.min(10_000, 100 * 2 ** attempts), undefined, { ...(signal && { signal }) }).catch(
          () => undefined,
        );
        again = neverArrived;
      }
      signal?.throwIfAborted();
      if (complete) break;
      stream = again ? begin() : connection.stream("ReattachExecute", { ...operation, ...behind(last) });
    }
  } finally {
    signal?.removeEventListener("abort", interrupt);
    // Its last word of how far it is comes before its end.
    if (complete) progress?.set(tasks);
    progress?.end();
    if (complete) {
      // The server keeps an execution's answers until it is told that they came.
      void connection
        .ask("release an execution", "ReleaseExecute", { ...operation, release_all: {} })
        .catch(() => undefined);
    } else if (!signal?.aborted) interrupt();
  }
}

/** Where a stream is taken up: behind the answer that came last, or at its start. */
const behind = (last: string | undefined) => (last === undefined ? {} : { last_response_id: last });

/** True where the wire failed and not the work. */
function isCut(error: unknown): boolean {
  const { code, details = "" } = error as { code?: number; details?: string };
  if (code === grpcStatus.cancelled) return !/INTERRUPT|OPERATION_CANCEL/i.test(details);
  return code === grpcStatus.unavailable;
}
