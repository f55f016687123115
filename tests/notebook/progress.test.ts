import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startProgress } from "../../src/core/progress.ts";
import { cellProgress } from "../../src/notebook/progress.ts";

let places: string[][];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  places = [];
  stop = cellProgress(() => {
    const drawn: string[] = [];
    places.push(drawn);
    return (bundle) => drawn.push(String(bundle["text/plain"]));
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("draws at most four times a second, and never loses the last state", () => {
  const progress = startProgress("Mapping", 1000);
  for (let step = 0; step < 1000; step++) {
    progress.advance();
    vi.advanceTimersByTime(1);
  }
  progress.end({ errors: 2 });
  expect(places).toHaveLength(1);
  expect(places[0]!.length).toBeLessThanOrEqual(6);
  expect(places[0]!.at(-1)).toBe("Mapping 1000/1000 · errors 2 · in 1.0 s");
});

test("what comes too soon is drawn a little later", () => {
  const progress = startProgress("Mapping", 3);
  progress.advance();
  progress.advance();
  expect(places[0]).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(places[0]).toHaveLength(2);
  expect(places[0]!.at(-1)).toMatch(/^Mapping 2\/3/);
  progress.end();
});

test("work after work has a place of its own; work within work shares one and leaves it", () => {
  const outer = startProgress("Optimising", 2);
  outer.advance();
  const inner = startProgress("Evaluating", 10);
  inner.advance();
  vi.advanceTimersByTime(1000);
  expect(places[0]!.at(-1)).toMatch(/^Optimising 1\/2.*\nEvaluating 1\/10/);
  inner.end();
  outer.end();
  expect(places[0]!.at(-1)).toBe("Optimising 1/2 · in 1.0 s");
  startProgress("Mapping", 1).end();
  expect(places).toHaveLength(2);
});
