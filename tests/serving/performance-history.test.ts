import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { keepHistory, PerformanceMonitor } from "../../src/serving/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { realMlflow } from "../tracking/real-mlflow.ts";
import { endedCall } from "./ended-call.ts";

const server = realMlflow();
afterEach(() => vi.restoreAllMocks());

/** Counts calls in three windows of a fifth of a second. */
async function threeWindows(monitor: PerformanceMonitor): Promise<void> {
  for (const calls of [2, 3, 4]) {
    for (let number = 0; number < calls; number++)
      monitor.end(endedCall(0.1, number === 0 ? new Error() : undefined));
    await pause(210);
  }
}

test(
  "a service's windows are a run's metrics over time, its totals the last word",
  { timeout: 240_000 },
  async () => {
    const monitor = new PerformanceMonitor({ windowSeconds: 0.2, windows: 10_000 });
    const stop = keepHistory(monitor, { name: "tickets", experiment: server.experiment });
    await threeWindows(monitor);
    // Windows that ended are there before the service ends.
    for (;;) {
      const [run] = await mlflow.search({ experiment: server.experiment });
      if (run?.metrics.window_calls !== undefined) break;
      await pause(200);
    }
    monitor.score(4);
    await stop();
    const runs = await mlflow.search({ experiment: server.experiment });
    expect(runs).toHaveLength(1);
    const [{ runId, name, status, metrics, tags }] = runs as [(typeof runs)[number]];
    expect([name, status, tags["lmframe.kind"]]).toEqual(["tickets", "FINISHED", "monitoring"]);
    expect(metrics).toMatchObject({ calls: 9, failed: 3, mean_rating: 4, window_mean_rating: 4 });
    const calls = await mlflow.readMetric(runId, "window_calls");
    expect(calls.reduce((sum, { value }) => sum + value, 0)).toBe(9);
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(calls.map(({ step }) => step)).toEqual(calls.map((_, place) => place));
    const times = calls.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(await mlflow.readTable(runId, "errors")).toEqual([{ error: "Error", count: 3 }]);
  },
);

test("a long service has run after run, each window in one of them", { timeout: 240_000 }, async () => {
  const monitor = new PerformanceMonitor({ windowSeconds: 0.2, windows: 10_000 });
  const stop = keepHistory(monitor, { experiment: server.experiment, hours: 0.3 / 3600 });
  await threeWindows(monitor);
  while ((await mlflow.search({ experiment: server.experiment })).length < 2) await pause(200);
  await stop();
  const runs = await mlflow.search({ experiment: server.experiment });
  expect(runs.length).toBeGreaterThan(1);
  const points = await Promise.all(
    runs
      .filter(({ metrics }) => "window_calls" in metrics)
      .map(({ runId }) => mlflow.readMetric(runId, "window_calls")),
  );
  expect(points.flat().reduce((sum, { value }) => sum + value, 0)).toBe(9);
});

test("where MLflow is away the history waits on disk", { timeout: 240_000 }, async () => {
  server.proxy.reset(() => "refuse");
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const monitor = new PerformanceMonitor({ windowSeconds: 0.2, windows: 10_000 });
  const stop = keepHistory(monitor, { experiment: server.experiment });
  await threeWindows(monitor);
  await stop();
  expect(String(warned.mock.calls.at(-1)?.[0])).toMatch(/waits on disk/);
  expect(server.spooled()).toHaveLength(1);
  server.proxy.reset();
  await mlflow.sync();
  const [run] = await mlflow.search({ experiment: server.experiment });
  expect(run!.metrics).toMatchObject({ calls: 9, failed: 3 });
});
