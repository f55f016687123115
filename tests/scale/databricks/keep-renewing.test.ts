import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepRenewing } from "../../../src/scale/databricks/keep-renewing.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Seconds at which it was called, of `seconds` that went by. */
async function calls(seconds: number, fails: (call: number) => boolean, renewsIn = 60_000) {
  const started = performance.now();
  const found: number[] = [];
  const end = keepRenewing(
    async () => {
      found.push((performance.now() - started) / 1000);
      if (fails(found.length)) throw new Error("away");
    },
    () => renewsIn,
  );
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  end();
  await vi.advanceTimersByTimeAsync(1e7);
  return found;
}

test("what failed is tried again, ever more seldom, and by its time once it succeeded", async () => {
  expect(await calls(200, (call) => call <= 3)).toEqual([61, 66, 76, 96, 157]);
  const away = await calls(3600, () => true);
  expect(away.slice(-2)[1]! - away.slice(-2)[0]!).toBe(300);
});

test("nothing is called where there is nothing new, and nothing after the end", async () => {
  const renew = vi.fn(async () => undefined);
  keepRenewing(renew, () => undefined);
  await vi.advanceTimersByTimeAsync(1e7);
  expect(renew).not.toHaveBeenCalled();
  let answer = () => undefined as void;
  const slow = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
  const end = keepRenewing(slow, () => 1000);
  await vi.advanceTimersByTimeAsync(2000);
  end();
  answer();
  await vi.advanceTimersByTimeAsync(1e7);
  expect(slow).toHaveBeenCalledTimes(1);
});
