import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, messages, readSentiment, startCommand, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint;
let delayed: FaultyEndpoint;
beforeAll(async () => {
  endpoint = await startEndpoint({ reply: readSentiment });
  delayed = await startEndpoint({ reply: readSentiment, delay: 50 });
});
afterAll(async () => {
  await endpoint.close();
  await delayed.close();
});

const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  command(args, { cwd: folder.path, env: { OPENAI_BASE_URL: endpoint.baseURL, ...env } });

/** A program as a user writes it: in TypeScript, against the package's name, in a folder that knows no package. */
const source = `
import { Module, Predict, signature } from "lmframe";

export class Reader extends Module {
  static override signature = signature("text -> sentiment: Literal['negative', 'positive']");
  private readonly step = new Predict(Reader.signature, "Say how the customer feels.");
  async forward(inputs: { text: string }) {
    return this.step.call(inputs);
  }
}
`;

describe("a program", () => {
  test("in TypeScript is run on every row, with its saved state", async () => {
    folder.write("reader.ts", source);
    folder.write("messages.csv", messages(12));
    const state = await run(["prompt", "reader.ts", "--predictor", "step"]);
    expect(state.stdout).toContain("Say how the customer feels.");

    folder.write("state.json", JSON.stringify({ step: savedStep("Name the feeling.") }));
    const prompt = await run(["prompt", "reader.ts", "--state", "state.json", "--inputs", '{"text": "Hm."}']);
    expect(prompt.stdout).toContain("Name the feeling.");
    expect(prompt.stdout).toContain("Hm.");
    expect(prompt.stdout).toMatch(/^── system ──$/m);

    const calls = endpoint.calls.length;
    const done = await run(["map", "reader.ts", "messages.csv", "out.csv", "--state", "state.json"]);
    expect(done).toMatchObject({ code: 0, stdout: "out.csv\n" });
    const lines = readFileSync(join(folder.path, "out.csv"), "utf8").trim().split("\n");
    expect(lines[0]).toBe("text,sentiment,predicted_sentiment,error");
    expect(lines).toHaveLength(13);
    expect(endpoint.calls).toHaveLength(calls + 12);
    expect(JSON.stringify(endpoint.calls.at(-1)!.body.messages)).toContain("Name the feeling.");
  });

  test("that imports the package throws errors the command knows", async () => {
    folder.write("reader.ts", source);
    folder.write("messages.csv", messages(10));
    const odd = await startEndpoint({ reply: () => '{"sentiment": "so-so"}' });
    const done = await run(["evaluate", "reader.ts", "messages.csv", "--no-track", "--json"], {
      OPENAI_BASE_URL: odd.baseURL,
    });
    await odd.close();
    expect(JSON.parse(done.stdout)).toMatchObject({ score: 0, unreadable: 10, errors: 0, rows: 10 });
  });

  test.for([
    { file: "gone.ts", content: undefined, says: /no such program: gone\.ts/ },
    { file: "gone.json", content: undefined, says: /cannot read the saved program gone\.json/ },
    { file: "none.ts", content: "export const size = 3;", says: /exports no program \(exports: size\)/ },
    {
      file: "two.ts",
      content: `import { Predict } from "lmframe"; export const a = new Predict("q -> a"), b = new Predict("q -> b");`,
      says: /exports 2 programs \(exports: a, b\); export the one to use as default/,
    },
    {
      file: "broken.ts",
      content: "export default missing();",
      says: /missing is not defined[^]*broken\.ts:1/,
    },
  ])("$file cannot be used, and why is said", async ({ file, content, says }) => {
    if (content !== undefined) folder.write(file, content);
    const done = await run(["prompt", file]);
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(says);
  });
});

describe("prompt", () => {
  test("of a saved program names its inputs in braces, and asks nothing", async () => {
    folder.write("one.json", savedClassifier());
    const calls = endpoint.calls.length;
    const done = await run(["prompt", "one.json"]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain("{text}");
    expect(endpoint.calls).toHaveLength(calls);
  });

  test("of several predictors asks for one of them", async () => {
    folder.write(
      "two.ts",
      `import { Module, Predict } from "lmframe";
       export default class Two extends Module {
         ask = new Predict("question -> query");
         answer = new Predict("passage -> answer");
         async forward() { return {}; }
       }`,
    );
    const unnamed = await run(["prompt", "two.ts"]);
    expect(unnamed).toMatchObject({ code: 1, stderr: expect.stringMatching(/--predictor: ask, answer/) });
    const misspelt = await run(["prompt", "two.ts", "--predictor", "answr"]);
    expect(misspelt.stderr).toMatch(/no predictor "answr"; did you mean "answer"/);
    const named = await run(["prompt", "two.ts", "--predictor", "answer"]);
    expect(named.stdout).toContain("{passage}");
    const noInputs = await run(["prompt", "two.ts", "--predictor", "ask", "--inputs", "[1]"]);
    expect(noInputs).toMatchObject({ code: 1, stderr: expect.stringMatching(/--inputs is no JSON object/) });
  });
});

describe("map", () => {
  test("stopped by Ctrl-C goes on where it was", async () => {
    folder.write("one.json", savedClassifier());
    folder.write("messages.csv", messages(60));
    const args = ["map", "one.json", "messages.csv", "out.jsonl", "--concurrency", "2"];
    const before = delayed.calls.length;
    const env = { OPENAI_BASE_URL: delayed.baseURL };
    const { child, done } = startCommand(args, { cwd: folder.path, env });
    while (delayed.calls.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect(await done).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/kept in out\.jsonl\.partial: the same command goes on/),
    });
    expect(await run(args, env)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder.path, "out.jsonl"), "utf8").trim().split("\n")).toHaveLength(60);
    // At most the two calls under way, each with the next ones begun at once, were asked twice.
    expect(delayed.calls.length - before).toBeLessThanOrEqual(60 + 4);
  });

  test("of rows without the program's input says which is nearest", async () => {
    folder.write("one.json", savedClassifier());
    folder.write("messages.csv", messages(3).replace("text,", "texts,"));
    const done = await run(["map", "one.json", "messages.csv", "out.csv"]);
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(/did you mean "texts"/);
  });
});

test("map on Spark takes no --timeout, and says why, before it looks for a server", async () => {
  const args = ["map", "program.json", "rows", "out", "--engine", "spark", "--remote", "sc://127.0.0.1:1"];
  const { code, stderr } = await command([...args, "--timeout", "5"], { cwd: folder.path });
  expect(code).not.toBe(0);
  expect(stderr).toContain("--timeout needs --engine here");
});

describe("evaluate", () => {
  test("scores by words, and writes a report", async () => {
    folder.write("one.json", savedClassifier());
    folder.write("messages.csv", messages(20));
    mkdirSync(join(folder.path, "out"));
    const args = ["evaluate", "one.json", "messages.csv", "--no-track", "--report", "out/report.html"];
    const done = await run([...args, "--metric", "f1"]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^score {5}0\.800 \(0\.\d{3} to 0\.\d{3}\) on 20 rows$/m);
    expect(readFileSync(join(folder.path, "out/report.html"), "utf8")).toContain("F1 of sentiment");
  });

  test("fails where rows met an outage, where there is none, and where a setting is none", async () => {
    folder.write("one.json", savedClassifier());
    folder.write("messages.csv", messages(10));
    folder.write("none.jsonl", "");
    const flaky = await startEndpoint({
      reply: readSentiment,
      answer: ({ messages }) =>
        JSON.stringify(messages.at(-1)).includes("message 3,")
          ? { status: 429, headers: { "retry-after": "999" }, body: { error: { message: "Later." } } }
          : undefined,
    });
    const done = await run(["evaluate", "one.json", "messages.csv", "--no-track"], {
      OPENAI_BASE_URL: flaky.baseURL,
    });
    await flaky.close();
    expect(done.code).toBe(1);
    expect(done.stdout).toMatch(/^failed {4}1 rows met an outage$/m);
    for (const args of [
      ["none.jsonl"],
      ["messages.csv", "--max-drop", "a little"],
      ["messages.csv", "--max-drop", "-0.1"],
      ["messages.csv", "--field", "sentimnt"],
    ]) {
      const refused = await run(["evaluate", "one.json", ...args, "--no-track", "--json"]);
      expect([args, refused.code]).toEqual([args, 1]);
    }
  });
});

/** The state of a predictor as saved, with these instructions. */
function savedStep(instructions: string) {
  const fields = [
    { prefix: "Text:", description: "${text}" },
    { prefix: "Sentiment:", description: "${sentiment}" },
  ];
  return { traces: [], train: [], demos: [], signature: { instructions, fields }, lm: null };
}

/** A lone predictor as saved. */
function savedClassifier(): string {
  const spelt = "text -> sentiment: Literal['negative', 'positive']";
  return JSON.stringify({
    ...savedStep("Classify."),
    metadata: {
      dependency_versions: { python: "3.11", dspy: "3.4.1", cloudpickle: "3.1" },
      lmframe: { kind: "Predict", signature: spelt },
    },
  });
}
