import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const linesOf = (name: string) =>
  readFileSync(new URL(`../../python/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));

test.each(["requirements.txt", "requirements-model.txt", "requirements-embedder.txt"])(
  "%s pins every package, and names no host",
  (name) => {
    for (const line of linesOf(name)) expect(line).toMatch(/^[A-Za-z0-9_.-]+==[0-9][^\s/]*( ; .+)?$/);
  },
);

test("nothing comes along that makes MLflow's server wait for a price list", () => {
  const names = linesOf("requirements.txt").map((line) => line.split("==")[0]);
  expect(names).toContain("mlflow");
  expect(names).not.toContain("litellm");
  expect(names).not.toContain("dspy");
});
