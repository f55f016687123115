import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ProgressState } from "../../src/core/progress.ts";
import { terminalProgress } from "../../src/core/progress-terminal.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const state = (given: Partial<ProgressState>): ProgressState => ({
  id: 1,
  label: "Mapping",
  total: 100,
  done: 0,
  startedAt: 1_000_000,
  ended: false,
  facts: {},
  ...given,
});

function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const show = terminalProgress({ isTTY, columns, write: (text) => written.push(text) });
  return { written, show };
}

test("draws one line over and over, and keeps its end", () => {
  const { written, show } = terminal(true);
  show(state({ done: 1 }));
  vi.advanceTimersByTime(50);
  show(state({ done: 2 })); // too soon to be seen
  vi.advanceTimersByTime(4950);
  show(state({ done: 50, facts: { best: 0.81234 } }));
  vi.advanceTimersByTime(5000);
  show(state({ done: 100, ended: true }));
  expect(written).toHaveLength(3);
  expect(written[1]).toBe("\r\u001b[2KMapping ██████████░░░░░░░░░░ 50/100 · 10/s · 5.0 s left · best 0.8123");
  expect(written[2]).toBe("\r\u001b[2KMapping 100/100 · in 10 s\n");
});

test("a long line loses its end, as one that wraps could not be drawn over", () => {
  const { written, show } = terminal(true, 20);
  show(state({ label: "A label that is longer than the terminal is wide" }));
  expect(written[0]?.replace("\r\u001b[2K", "")).toBe("A label that is lo…");
});

test("control characters of a label or a fact do not reach the terminal", () => {
  const { written, show } = terminal(true);
  show(state({ label: "a\u001b[31mb\r\n", facts: { last: "\u001b]0;title\u0007" } }));
  expect(written[0]?.slice("\r\u001b[2K".length)).not.toMatch(/[\u0000-\u001f\u007f]/);
});

test("work within other work is shown by the outer one, and leaves no line", () => {
  const { written, show } = terminal(true);
  show(state({ id: 1, label: "Optimising", done: 1 }));
  vi.advanceTimersByTime(200);
  show(state({ id: 2, label: "Evaluating", done: 1 }));
  show(state({ id: 2, label: "Evaluating", done: 100, ended: true }));
  vi.advanceTimersByTime(200);
  show(state({ id: 1, label: "Optimising", done: 100, ended: true }));
  expect(written.join("")).not.toContain("Evaluating");
  expect(written.at(-1)).toMatch(/Optimising 100\/100 · in 0\.4 s\n$/);
});

test("where a line cannot be rewritten, one every ten seconds and one at the end", () => {
  const { written, show } = terminal(false);
  for (let second = 1; second <= 25; second++) {
    vi.advanceTimersByTime(1000);
    show(state({ done: second, total: undefined }));
  }
  show(state({ done: 25, total: undefined, ended: true }));
  expect(written).toEqual(["Mapping 11 · 1.0/s\n", "Mapping 21 · 1.0/s\n", "Mapping 25 · in 25 s\n"]);
});

test("is silent in tests and continuous integration unless it is given a stream", () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  terminalProgress()(state({ done: 100, ended: true }));
  expect(write).not.toHaveBeenCalled();
});
