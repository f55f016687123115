import { expect, test } from "vitest";
import { setting } from "../../src/core/index.ts";

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

test("scopes side by side and within each other see their own value, across awaits", async () => {
  const level = setting("default");
  const seen = await Promise.all(
    ["a", "b"].map((name) =>
      level.run(name, async () => {
        const before = level.get();
        await pause();
        const inner = await level.run(`${name}${name}`, async () => {
          await pause();
          return level.get();
        });
        return [before, inner, level.get()];
      }),
    ),
  );
  expect(seen).toEqual([
    ["a", "aa", "a"],
    ["b", "bb", "b"],
  ]);
  expect(level.get()).toBe("default");
});

test("the default changes for all but those in a scope, and a scope may hold undefined", () => {
  const level = setting<string | undefined>("default");
  level.set("changed");
  expect(level.get()).toBe("changed");
  level.run(undefined, () => {
    level.set("again");
    expect(level.get()).toBeUndefined();
  });
  expect(level.get()).toBe("again");
});
