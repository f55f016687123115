import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { display, type MimeBundle, showLive } from "../../src/core/index.ts";
import { cellLive } from "../../src/notebook/live.ts";

let places: string[][];
let stopHearing: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  places = [];
  stopHearing = cellLive(() => {
    const drawn: string[] = [];
    places.push(drawn);
    return (bundle) => drawn.push(String(bundle["text/plain"]));
  });
});
afterEach(() => {
  stopHearing();
  vi.useRealTimers();
});

const counter = () => {
  const value = { count: 0, [display]: (): MimeBundle => ({ "text/plain": `count ${value.count}` }) };
  return value;
};

test("a value is shown at once, and again in its place as it changes, until it is stopped", () => {
  const [one, other] = [counter(), counter()];
  const stop = showLive(one, { seconds: 1 });
  const stopOther = showLive(other);
  vi.advanceTimersByTime(5000);
  one.count = 1;
  vi.advanceTimersByTime(1000);
  one.count = 2;
  stop();
  one.count = 3;
  vi.advanceTimersByTime(5000);
  stopOther();
  expect(places).toEqual([["count 0", "count 1", "count 2"], ["count 0"]]);
});

test("outside a notebook nothing is asked to show itself", () => {
  stopHearing();
  const value = counter();
  const shows = vi.spyOn(value, display);
  const stop = showLive(value);
  vi.advanceTimersByTime(10_000);
  stop();
  expect(shows).not.toHaveBeenCalled();
});
