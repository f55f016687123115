import { describeError, redact } from "../core/index.ts";
import { type ActiveRun, run, type RunOptions } from "../tracking/index.ts";
import { metricsOf } from "./performance-metrics.ts";
import type { PerformanceMonitor } from "./performance-monitor.ts";

/** Options of {@link keepHistory}. */
export interface HistoryOptions extends Pick<RunOptions, "experiment"> {
  /** Name of the service, and of its runs. Default `service`. */
  name?: string | undefined;
  /** Hours that one run covers; then a new one begins, so that none grows without end. Default 24. */
  hours?: number | undefined;
}

/**
 * Keeps a monitor's figures in MLflow: a run of the service, to which each window is added as it ends, as metrics over time
 * (`window_calls`, `window_p95_latency_ms`, `window_mean_rating`, …), and its totals and errors at its end.
 *
 * What is logged goes to disk first and is sent in the background: no request waits for it, and where the server is away
 * it waits for `sync`.
 *
 * @returns what ends the run and waits until it is sent, or is known to wait.
 */
export function keepHistory(monitor: PerformanceMonitor, options: HistoryOptions = {}): () => Promise<void> {
  const { name = "service", hours = 24, ...where } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const ended = (async () => {
    /** The newest window that was written, over all runs. */
    let last = -Infinity;
    const write = (active: ActiveRun, also: boolean) => {
      for (const { startedAt, ended, ...figures } of monitor.windows()) {
        if (startedAt <= last || !(ended || also)) continue;
        last = startedAt;
        for (const [metric, value] of Object.entries(metricsOf(figures, "window_")))
          active.metric(metric, value, { timestamp: startedAt });
      }
    };
    while (!signal.aborted) {
      await run(
        name,
        async (active) => {
          active.tag("lmframe.kind", "monitoring");
          const timer = setInterval(() => write(active, false), monitor.windowSeconds * 1000).unref();
          await passed(hours * 3600, signal);
          clearInterval(timer);
          write(active, signal.aborted);
          const totals = monitor.totals();
          for (const [metric, value] of Object.entries(metricsOf(totals))) active.metric(metric, value);
          active.table(
            "errors",
            Object.entries(totals.errors).map(([error, count]) => ({ error, count })),
          );
        },
        where,
      );
    }
  })().catch((error: unknown) => {
    process.emitWarning(`the service's history could not be kept: ${redact(describeError(error).message)}`);
  });
  return async () => {
    stop.abort();
    await ended;
  };
}

/** Until so many seconds have passed, or the signal comes. Keeps no process alive. */
function passed(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000).unref();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
