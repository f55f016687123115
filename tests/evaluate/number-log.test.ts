import { expect, test } from "vitest";
import { NumberLog } from "../../src/evaluate/number-log.ts";

test.each([0, 1, 8191, 8192, 8193, 20_000])("%i numbers come back in their order", (count) => {
  const log = new NumberLog();
  const pushed = Array.from({ length: count }, (_, i) => (i % 7 === 0 ? NaN : i / 3));
  for (const value of pushed) log.push(value);
  expect([...log.values()]).toEqual(pushed);
});

test("numbers that four bytes hold stay as they were beside one that takes eight", () => {
  const pushed = Array.from({ length: 20_000 }, (_, i) =>
    i === 10_000 ? 0.1 : [0, 1, 0.5, NaN, -0, Infinity][i % 6]!,
  );
  const log = new NumberLog();
  for (const value of pushed) log.push(value);
  expect([...log.values()]).toStrictEqual(pushed);
});
