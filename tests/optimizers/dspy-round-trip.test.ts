import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { peerPython } from "../../bench/process.ts";
import type { Demo } from "../../src/adapters/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { lm } from "../../src/lm/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import { Best } from "../../src/optimizers/index.ts";
import { signature } from "../../src/signature/index.ts";
import { startEndpoint } from "../support/faulty-endpoint.ts";
import { plantedTasks } from "./planted-tasks.ts";
import { rules } from "./planted-tickets.ts";

const folder = mkdtempSync(join(tmpdir(), "lmframe-dspy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { task } = plantedTasks.all;
const question = "text -> label: Literal['billing', 'delivery', 'returns', 'account', 'technical']";

class Tickets extends Module {
  static override signature = signature(question);
  route = new Predict(question);
  async forward(row: { text: string }) {
    return this.route.call(row);
  }
}

/** What DSPy says of a program. */
interface Said {
  score: number;
  instructions: string;
  demos: Demo[];
}

test(
  "a program that DSPy optimised is optimised further here, and DSPy scores what was saved as we do",
  { timeout: 480_000 },
  async () => {
    const endpoint = await startEndpoint({
      models: ["task", "proposer"],
      answer: ({ model, messages, temperature }) => {
        const request = { messages, temperature: Number(temperature ?? 0) };
        const content = model === "proposer" ? task.propose(request) : task.reply(request);
        return {
          status: 200,
          body: {
            ...{ id: "chatcmpl-1", object: "chat.completion", created: 0, model },
            choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
            usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
          },
        };
      },
    });
    const model = (name: string) => lm(name, { baseURL: endpoint.baseURL, apiKey: "none", cache: false });
    const rows = { train: task.rows(60, 1), val: task.rows(90, 2), test: task.rows(150, 3) };
    for (const [split, held] of Object.entries(rows)) {
      writeFileSync(join(folder, `${split}.json`), JSON.stringify(held.rows()));
    }
    const python = peerPython();
    const dspy = async (action: "optimise" | "score", path: string) => {
      const script = join(import.meta.dirname, "dspy_round_trip.py");
      const { stdout } = await promisify(execFile)(python, [script, action, endpoint.baseURL, folder, path]);
      return JSON.parse(stdout.trim().split("\n").at(-1)!) as Said;
    };
    try {
      const [theirs, ours] = [join(folder, "theirs.json"), join(folder, "ours.json")];
      const optimised = await dspy("optimise", theirs);

      const loaded = await new Tickets().load(theirs);
      expect(loaded.route.state.instructions).toBe(optimised.instructions);
      expect(loaded.route.state.demos.length).toBeGreaterThan(0);
      const before = await evaluate(loaded.withLM(model("task")), rows.test, task.metric);
      expect(before.score).toBeCloseTo(optimised.score, 2);

      const { program } = await new Best({
        metric: task.metric,
        seed: 1,
        promptModel: model("proposer"),
      }).compile(loaded.withLM(model("task")), {
        train: rows.train,
        val: rows.val,
        budget: { rollouts: 800 },
      });
      const after = await evaluate(program, rows.test, task.metric);
      expect(after.score).toBeGreaterThan(before.score + 0.2);
      await program.save(ours);

      const scored = await dspy("score", ours);
      expect(scored.score).toBeCloseTo(after.score, 2);
      expect(scored.instructions).toBe(program.route.state.instructions);
      expect(scored.instructions).toContain(rules.last);
      expect(scored.demos).toHaveLength(program.route.state.demos.length);
    } finally {
      await endpoint.close();
    }
  },
);
