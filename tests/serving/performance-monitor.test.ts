import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { display, UnreachableError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import {
  type Alert,
  drifted,
  PerformanceMonitor,
  scoreBelow,
  slowerThan,
  successBelow,
  webhook,
} from "../../src/serving/index.ts";
import { QuantileSketch } from "../../src/serving/quantile-sketch.ts";
import { endedCall } from "./ended-call.ts";

let stop: () => void = () => undefined;
afterEach(() => stop());

class Two extends Module {
  first = new Predict("a -> b");
  second = new Predict("b -> c");
  async forward({ a }: { a: string }) {
    return this.second.call(await this.first.call({ a }));
  }
}

const model = (reply: () => string) =>
  new FunctionModel(() => ({
    choices: [{ text: reply(), toolCalls: [], finishReason: "stop" }],
    usage: { inputTokens: 10, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0 },
    cost: 0.25,
  }));

describe("the monitor", () => {
  test("counts a call of a program once, with all its models took", async () => {
    const monitor = new PerformanceMonitor();
    stop = monitor.watch();
    await new Two().call({ a: "x" }, { lm: model(() => '{"b": "y", "c": "z"}') });
    const fail = () => {
      throw new UnreachableError("down");
    };
    await expect(new Two().call({ a: "x" }, { lm: model(fail) })).rejects.toThrow("down");
    monitor.score(4);
    monitor.score(2);
    const totals = monitor.totals();
    expect(totals).toMatchObject({
      calls: 2, failed: 1, successRate: 0.5, errors: { UnreachableError: 1 },
      tokens: { input: 20, output: 4 }, cost: 0.5, score: { count: 2, mean: 3 },
    }); // prettier-ignore
    expect(monitor.recent()).toEqual(totals);
    stop();
    await new Two().call({ a: "x" }, { lm: model(() => '{"b": "y", "c": "z"}') });
    expect(monitor.totals().calls).toBe(2);
  });

  test("windows pass, totals stay, and kinds of errors are bounded", () => {
    let now = 0;
    const monitor = new PerformanceMonitor({ windowSeconds: 1, windows: 3, now: () => now });
    for (let second = 0; second < 10; second++) {
      now = second * 1000;
      for (let calls = 0; calls <= second; calls++)
        monitor.end(endedCall(0.1, Object.assign(new Error(), { name: `E${second} ${calls}` })));
    }
    expect(monitor.totals().calls).toBe(55);
    expect(monitor.recent().calls).toBe(8 + 9 + 10);
    expect(monitor.recent(1).calls).toBe(10);
    expect(monitor.windows().map(({ calls }) => calls)).toEqual([8, 9, 10]);
    expect(Object.keys(monitor.totals().errors).length).toBe(21);
    expect(monitor.totals().errors.other).toBe(55 - 20);
    now = 60_000;
    expect(monitor.recent().calls).toBe(0);
  });

  test("alerts fire once and resolve", async () => {
    let now = 0;
    const told: Alert[] = [];
    const monitor = new PerformanceMonitor({
      windowSeconds: 1, windows: 60, recentWindows: 2, now: () => now,
      alerts: [successBelow(0.9), slowerThan(1), scoreBelow(3), drifted()],
      tell: [() => { throw new Error("a sink that is broken"); }, (alert) => void told.push(alert)],
    }); // prettier-ignore
    const second = (count: number, seconds: number, failed = 0) => {
      now += 1000;
      for (let number = 0; number < count; number++)
        monitor.end(endedCall(seconds, number < failed ? new Error() : undefined));
      monitor.check();
    };
    for (let seconds = 0; seconds < 10; seconds++) second(50, 0.1);
    expect([...monitor.firing.keys()]).toEqual([]);
    second(50, 3, 25);
    second(50, 3, 25);
    for (let rating = 0; rating < 5; rating++) monitor.score(1);
    monitor.check();
    expect([...monitor.firing.keys()].sort()).toEqual(["drift", "latency", "score", "success rate"]);
    second(50, 0.1);
    second(50, 0.1);
    second(50, 0.1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([...monitor.firing.keys()]).toEqual([]);
    const states = (rule: string) => told.filter((alert) => alert.rule === rule).map(({ state }) => state);
    for (const rule of ["drift", "latency", "score", "success rate"])
      expect(states(rule), rule).toEqual(["firing", "resolved"]);
  });

  test("shows itself without markup of others, and is logged", () => {
    const monitor = new PerformanceMonitor();
    monitor.end(endedCall(0.2, Object.assign(new Error(), { name: "<img src=x>" })));
    expect(monitor[display]()["text/html"]).not.toContain("<img");
    const { metrics, tables } = monitor.toRun();
    expect(metrics).toMatchObject({ calls: 1, success_rate: 0 });
    expect(metrics!.p95_latency_ms as number).toBeCloseTo(200, -1);
    expect(metrics).not.toHaveProperty("mean_rating");
    expect(tables!.errors).toEqual([{ error: "<img src=x>", count: 1 }]);
  });
});

test("a webhook takes alerts, and one that does not is not named with its address", async () => {
  const bodies: unknown[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      bodies.push(JSON.parse(text));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tell = webhook(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-secret`);
  const alert: Alert = { rule: "latency", state: "firing", message: "slow", time: "2026-01-01T00:00:00Z" };
  await tell(alert);
  expect(bodies).toEqual([alert]);
  status = 500;
  await expect(tell(alert)).rejects.toThrow(/500/);
  await expect(tell(alert)).rejects.not.toThrow(/hook-secret/);
  server.close();
});

test("quantiles are right within 1 %, also of sketches together", () => {
  const whole = new QuantileSketch();
  const part = new QuantileSketch();
  for (let number = 1; number <= 10_000; number++) (number % 2 === 0 ? whole : part).add(number / 1000);
  whole.merge(part);
  for (const share of [0.01, 0.5, 0.95, 0.99, 1])
    expect(Math.abs(whole.quantile(share) / (10 * share) - 1)).toBeLessThan(0.0101);
  expect(new QuantileSketch().quantile(0.5)).toBeNaN();
});
