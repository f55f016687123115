import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, messages, readSentiment, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint;
afterEach(() => endpoint.close());

/** Reads right only what the right words were said for; `writer` is the model that knows them. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  endpoint = await startEndpoint({
    models: ["reader", "writer"],
    reply: (request) => {
      if (request.model === "writer")
        return JSON.stringify({ lessons: "mind the tone", instructions: "Mind the tone." });
      return String(request.messages[0]!.content).includes("Mind the tone")
        ? readSentiment(request)
        : '{"sentiment": "negative"}';
    },
  });
  folder.write("messages.csv", messages(60));
  folder.write(
    "classifier.mjs",
    `import { Predict } from "lmframe";
     export default new Predict("text -> sentiment: Literal['positive', 'negative']", "Say it.");`,
  );
  return { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: "none", OPENAI_MODEL: "reader" };
}

const optimize = ["optimize", "classifier.mjs", "messages.csv", "--no-track", "--seed", "3"];

describe("optimize", () => {
  test("finds, saves, and goes on from its journal without paying for the search again", async () => {
    const env = await environment();
    const run = (...more: string[]) =>
      command([...optimize, "--reflection-model", "writer", "--json", "--budget", "300", ...more], {
        cwd: folder.path,
        env,
      });
    const done = await run();
    expect(done.stderr).toContain("optimise with Best");
    expect(done.code).toBe(0);
    const found = JSON.parse(done.stdout);
    expect(found).toMatchObject({ optimizer: "best", kept: false, run: null });
    expect(found.before).toBeLessThan(0.6);
    expect(found.after).toBeGreaterThan(0.7);
    expect(found.used.reflection.calls).toBeGreaterThan(0);
    expect(found.used.task.rollouts).toBeLessThanOrEqual(300);
    expect(readFileSync(found.program, "utf8")).toContain("Mind the tone.");
    expect(existsSync(join(folder.path, "classifier.best.jsonl"))).toBe(true);
    const again = await run();
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("--resume");
    const calls = endpoint.calls.length;
    const resumed = await run("--resume");
    expect(JSON.parse(resumed.stdout)).toMatchObject({ after: found.after, used: found.used });
    // The search costs nothing again; the 18 rows held out are scored anew, before and after.
    expect(endpoint.calls.length - calls).toBe(36);
    expect(JSON.parse(resumed.stdout).test).toEqual(found.test);
  });

  test("tells what it is worth on rows that the search never saw, and that they are few", async () => {
    const env = await environment();
    const args = [...optimize, "--reflection-model", "writer", "--optimizer", "gepa", "--budget", "150"];
    const done = await command([...args, "--concurrency", "1", "--json"], { cwd: folder.path, env });
    expect(done.code).toBe(0);
    const { test: held } = JSON.parse(done.stdout);
    expect(held).toMatchObject({ rows: 18, macroF1: { before: expect.closeTo(1 / 3, 9) } });
    // A fifth of the rows is read wrong by all; half of each label is held out, as of the others.
    expect(held.score).toMatchObject({ before: 0.5, difference: held.score.after - 0.5 });
    expect(held.score.after).toBeGreaterThan(0.6);
    expect(held.score.interval[0]).toBeLessThanOrEqual(held.score.difference);
    expect(held.verdict).toContain("18 rows");
    expect(done.stderr).toContain(
      `18 test rows are too few to rely on, at least 30 are better: ${held.verdict}`,
    );
    const asked = endpoint.calls.map(({ body }) => JSON.stringify(body));
    const named = (text: string) => /message \d+,/.exec(text)![0];
    const unseen = asked.slice(0, 18).map((text) => named(text));
    expect(new Set(asked.slice(-18).map((text) => named(text.slice(text.lastIndexOf("message ")))))).toEqual(
      new Set(unseen),
    );
    for (const text of asked.slice(18, -18)) {
      expect(unseen.filter((row) => text.includes(row))).toEqual([]);
    }
  });

  test("warns of a gain that does not show on rows held out, and of none held out", async () => {
    const env = await environment();
    await endpoint.close();
    const held = new Set<string>();
    endpoint = await startEndpoint({
      models: ["reader", "writer"],
      reply: (request) => {
        if (request.model === "writer")
          return JSON.stringify({ lessons: "mind the tone", instructions: "Mind the tone." });
        const asked = JSON.stringify(request.messages.at(-1));
        if (held.size < 36) held.add(asked); // the rows held out are asked first
        return String(request.messages[0]!.content).includes("Mind the tone") && !held.has(asked)
          ? readSentiment(request)
          : '{"sentiment": "negative"}';
      },
    });
    folder.write("messages.csv", messages(120));
    const args = [...optimize, "--reflection-model", "writer", "--optimizer", "gepa", "--budget", "300"];
    const run = (...more: string[]) =>
      command([...args, ...more], {
        cwd: folder.path,
        env: { ...env, OPENAI_BASE_URL: endpoint.baseURL },
      });
    const done = await run();
    expect(done.code).toBe(0);
    expect(done.stderr).toContain("the gain does not show on rows held out: No difference: 0.500 → 0.500");
    expect(done.stdout).toMatch(/^test {5}No difference: .* 36 rows\)\.$/m);
    const without = await run("--test", "0", "--json", "--journal", "other.jsonl");
    expect(without.stderr).toContain("no row was held out");
    expect(JSON.parse(without.stdout)).toMatchObject({ kept: false, test: null });
    const refused = await run("--test", "1");
    expect(refused.stderr).toContain("expected a number from 0 to below 1");
  });

  test("takes examples from a teacher", async () => {
    const env = await environment();
    const done = await command(
      [...optimize, "--optimizer", "bootstrap", "--teacher", "writer", "--budget", "200"],
      { cwd: folder.path, env },
    );
    expect(done.code).toBe(0);
    expect(done.stdout).toContain("rollouts");
    expect(endpoint.calls.some(({ body }) => body.model === "writer")).toBe(true);
  });

  test("freezes predictors, and says which there are", async () => {
    const env = await environment();
    folder.write(
      "steps.mjs",
      `import { Module, Predict, signature } from "lmframe";
       const labels = "text -> sentiment: Literal['positive', 'negative']";
       class Steps extends Module {
         static signature = signature(labels);
         first = new Predict(labels, "Say it first.");
         second = new Predict(labels, "Say it.");
         async forward({ text }) {
           await this.first.call({ text });
           return this.second.call({ text });
         }
       }
       export default new Steps();`,
    );
    const gepa = [
      "optimize",
      "steps.mjs",
      "messages.csv",
      "--no-track",
      "--optimizer",
      "gepa",
      "--budget",
      "200",
    ];
    const run = (path: string) =>
      command([...gepa, "--reflection-model", "writer", "--freeze", path], { cwd: folder.path, env });
    const refused = await run("third");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('no predictor at "third" to freeze; the program has: first, second');
    expect((await run("first")).code).toBe(0);
    const saved = JSON.parse(readFileSync(join(folder.path, "steps.optimized.json"), "utf8"));
    expect(saved.first.signature.instructions).toBe("Say it first.");
    expect(saved.second.signature.instructions).toContain("Mind the tone.");
  });

  test("says which optimizers there are", async () => {
    const env = await environment();
    const done = await command([...optimize, "--optimizer", "luck"], { cwd: folder.path, env });
    expect(done.code).toBe(1);
    for (const name of ["best", "simba", "knn", "gepa"]) expect(done.stderr).toContain(name);
  });
});
