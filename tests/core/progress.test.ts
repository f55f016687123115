import { afterEach, describe, expect, test } from "vitest";
import {
  defaultProgress,
  type ProgressState,
  secondsLeft,
  showProgress,
  startProgress,
} from "../../src/core/index.ts";

afterEach(() => defaultProgress(undefined));

function collected(): { states: ProgressState[]; stop: () => void } {
  const states: ProgressState[] = [];
  return { states, stop: showProgress((state) => states.push(state)) };
}

describe("progress", () => {
  test("tells what is done, keeps facts until they are replaced, and ends once", () => {
    const { states, stop } = collected();
    const progress = startProgress("work", 10);
    progress.advance(1, { errors: 1, best: 0.5 });
    progress.advance(2, { best: 0.7 });
    progress.set(9);
    progress.end({ cost: 3 });
    progress.advance();
    progress.end();
    stop();
    expect(states.map(({ done, ended }) => [done, ended])).toEqual([
      [1, false],
      [3, false],
      [9, false],
      [9, true],
    ]);
    expect(states[1]).toMatchObject({ label: "work", total: 10, facts: { errors: 1, best: 0.7 } });
    expect(states[3]!.facts).toEqual({ errors: 1, best: 0.7, cost: 3 });
    expect(new Set(states.map(({ id }) => id)).size).toBe(1);
  });

  test("goes to the default only where nobody else shows it", () => {
    const fallback: string[] = [];
    defaultProgress(({ label }) => fallback.push(label));
    startProgress("one").advance();
    const { states, stop } = collected();
    startProgress("two").advance();
    stop();
    startProgress("three").advance();
    expect(fallback).toEqual(["one", "three"]);
    expect(states.map(({ label }) => label)).toEqual(["two"]);
  });

  test("the time left follows the pace so far", () => {
    const state = { id: 1, label: "x", total: 40, done: 10, startedAt: 1000, ended: false, facts: {} };
    expect(secondsLeft(state, 6000)).toBe(15);
    expect(secondsLeft({ ...state, done: 0 }, 6000)).toBeUndefined();
    expect(secondsLeft({ ...state, total: undefined }, 6000)).toBeUndefined();
    expect(secondsLeft({ ...state, done: state.total + 1 }, 6000)).toBeUndefined();
  });
});
