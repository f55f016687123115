import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { entries, entryAddress, packageRoot } from "../../src/services/own-package.ts";

test("the names that programs import are those that package.json exports, and lead to files", () => {
  const { exports } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const exported = Object.keys(exports).filter((name) => name !== "./package.json");
  expect(Object.keys(entries)).toEqual(exported.map((name) => `lmframe${name.slice(1)}`));
  expect(Object.values(entries).every(existsSync)).toBe(true);
});

test("any other name is nobody's of ours", () => {
  expect(["lmframe/core", "toString", "other"].map(entryAddress)).toEqual([undefined, undefined, undefined]);
  expect(entryAddress("lmframe")).toMatch(/^file:.*index\.ts$/);
});
