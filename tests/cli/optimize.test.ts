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
  test("finds, saves, and goes on from its journal without a call", async () => {
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
    expect(endpoint.calls.length).toBe(calls);
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
