import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ContextVariable, isThenable, listen, setting, traced } from "../../src/core/index.ts";

describe("a variable of the context", () => {
  const first = new ContextVariable<string>();
  const second = new ContextVariable<string>();

  test("has the innermost value, across awaits, and none outside", async () => {
    expect(first.get()).toBeUndefined();
    const seen = await first.run("outer", async () => {
      await turn();
      const inner = await first.run("inner", async () => {
        await turn();
        return first.get();
      });
      return [inner, first.get()];
    });
    expect(seen).toEqual(["inner", "outer"]);
    expect(first.get()).toBeUndefined();
  });

  test("says nothing of another variable, and is seen through it", () => {
    const seen = first.run("a", () => second.run("b", () => [first.get(), second.get()]));
    expect(seen).toEqual(["a", "b"]);
    expect(first.run("a", () => second.get())).toBeUndefined();
  });

  test("calls side by side do not see each other's", async () => {
    const seen = await Promise.all(
      ["x", "y", "z"].map((value) =>
        first.run(value, async () => {
          await turn();
          return first.get();
        }),
      ),
    );
    expect(seen).toEqual(["x", "y", "z"]);
  });

  test("undefined is a value: it hides the one outside", () => {
    const maybe = setting<string | undefined>("default");
    expect(maybe.run("outer", () => maybe.run(undefined, () => maybe.get()))).toBeUndefined();
  });

  test("a span within keeps it", async () => {
    expect(await first.run("kept", () => traced("tool", "probe", {}, async () => first.get()))).toBe("kept");
  });
});

test("what the body of a span throws before it gives a promise is told and thrown as what it throws later", async () => {
  const ended: unknown[] = [];
  const stop = listen({ end: ({ error }) => ended.push(error) }, ["tool"]);
  const thrown = new Error("at once");
  const call = () =>
    traced("tool", "probe", {}, () => {
      throw thrown;
    });
  await expect(call()).rejects.toBe(thrown);
  expect(ended).toEqual([thrown]);
  stop();
});

test("a promise is thenable wherever it was made; plain values are not", () => {
  expect([Promise.resolve(), { then: () => undefined }].map((value) => isThenable<unknown>(value))).toEqual([
    true,
    true,
  ]);
  expect([undefined, null, 1, "then", { score: 1 }].map((value) => isThenable(value))).toEqual(
    Array(5).fill(false),
  );
});
