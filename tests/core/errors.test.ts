import { describe, expect, test } from "vitest";
import {
  ConfigurationError,
  DataError,
  describeError,
  errorText,
  isOutage,
  isUnreadable,
  LmframeError,
  ModelError,
  nearest,
  ParseError,
  RateLimitError,
  RefusedError,
  TooLongError,
  TrackingError,
  UnreachableError,
} from "../../src/core/index.ts";

describe("an outage is not a bad prompt", () => {
  const parse = new ParseError("unread", { completion: "x" });
  test.each([
    [new UnreachableError("x"), true],
    [new RateLimitError("x"), true],
    [new ConfigurationError("x"), true],
    [new TrackingError("x"), true],
    [AbortSignal.abort().reason as Error, true],
    [new DOMException("late", "TimeoutError"), true],
    [new RefusedError("x"), false],
    [new TooLongError("x"), false],
    [parse, false],
    [new DataError("x"), false],
    [new TypeError("x"), false],
  ])("%s: %s", (error, outage) => {
    expect(isOutage(error)).toBe(outage);
  });

  test("only a reply that came whole is unreadable", () => {
    expect([parse, new UnreachableError("x")].map(isUnreadable)).toEqual([true, false]);
  });
});

test("every error of a model says so, and keeps what is known", () => {
  const limit = new RateLimitError("slow down", { status: 429, retryAfter: 3 });
  expect(limit).toBeInstanceOf(ModelError);
  expect(limit).toBeInstanceOf(LmframeError);
  expect(limit).toMatchObject({ name: "RateLimitError", status: 429, retryAfter: 3 });
});

test("an error in data says where", () => {
  expect(new DataError("is bad", { file: "a.csv", line: 3, row: 2, column: "x" }).message).toBe(
    'a.csv, line 3, column "x": is bad',
  );
  expect(new DataError("is bad", { row: 2 }).message).toBe("row 2: is bad");
  expect(new DataError("is bad").message).toBe("is bad");
});

test("whatever was thrown can be told", () => {
  expect(describeError(new TypeError("x"))).toEqual({ name: "TypeError", message: "x" });
  expect(errorText("plain")).toBe("Error: plain");
  expect(errorText({ code: 3 })).toBe("Error: { code: 3 }");
  expect(errorText(undefined)).toBe("Error: undefined");
});

describe("nearest", () => {
  test.each([
    ["sentimnt", ["text", "sentiment", "category"], "sentiment"],
    ["Text", ["text", "next"], "text"],
    ["strng", ["str", "string", "list"], "string"],
    ["a", ["b"], "b"],
    ["question", ["answer", "passages"], undefined],
    ["x", [], undefined],
    ["category", ["categories of everything"], undefined],
  ])("%s among %j is %s", (name, candidates, found) => {
    expect(nearest(name, candidates)).toBe(found);
  });
});
