import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { currentLM, FunctionModel } from "../../../src/lm/index.ts";
import { type Module, programToJSON } from "../../../src/modules/index.ts";
import { type Feedback, FeedbackLog } from "../../../src/serving/index.ts";
import { SelfImprovingPipeline, type SelfImprovingOptions } from "../../../src/serving/improvement/index.ts";
import { TicketTask } from "../../optimizers/planted-tickets.ts";

/** Messages of which two in five are understood only where examples are shown. */
export const task = new TicketTask({ shares: { jargon: 0.4 } });

/** Pipelines over one folder and one log for each test, and the planted model as the model in force. */
export function usePipelines() {
  const here = {
    folder: "",
    logged: [] as string[],
    calls: () => here.model.calls,
    model: task.model(),
    feedback: () => new FeedbackLog(join(here.folder, "feedback.jsonl")),
    open: (program: Module = task.program(), options: SelfImprovingOptions = {}) =>
      SelfImprovingPipeline.open(program, {
        name: "tickets",
        folder: join(here.folder, "improvement"),
        feedback: here.feedback(),
        concurrency: 8,
        log: (line) => void here.logged.push(line),
        ...options,
      }),
    /** Has a program answer as the version of that number, as if a round had found it before now. */
    async promote(pipeline: SelfImprovingPipeline, version: number, program: Module): Promise<void> {
      const folder = join(here.folder, "improvement");
      await writeFile(join(folder, "versions", `${version}.json`), JSON.stringify(programToJSON(program)));
      const { champion, ...state } = pipeline.state;
      const next = { ...state, champion: version, former: [champion], next: version + 1, compared: 0 };
      await writeFile(join(folder, "state.json"), JSON.stringify(next));
      await pipeline.improve();
    },
    /** Ratings of right answers to so many questions. */
    async rate(count: number, seed: number, more: Partial<Feedback> = {}): Promise<void> {
      const log = here.feedback();
      for (const { text, label } of task.rows(count, seed).rows())
        await log.add(rated(String(text), { answer: String(label), ...more }));
    },
  };
  beforeEach(() => {
    here.folder = mkdtempSync(join(tmpdir(), "lmframe improving "));
    here.logged.length = 0;
    here.model = task.model();
    currentLM.set(here.model);
  });
  afterEach(() => {
    currentLM.set(undefined);
    rmSync(here.folder, { recursive: true, force: true });
  });
  return here;
}

export function rated(question: string, more: Partial<Feedback> = {}): Feedback {
  return { question, answer: "billing", rating: 5, timestamp: "2026-01-01T00:00:00Z", ...more };
}

/** A model that says the right label of a text by `knows`. */
export function knowing(
  knows: (system: string, text: string) => boolean,
  truth: ReadonlyMap<string, string>,
) {
  return new FunctionModel(({ messages }) => {
    const [system, user] = [messages[0], messages.at(-1)].map((message) => message!.content as string) as [
      string,
      string,
    ];
    const text = [...truth.keys()].find((one) => user.includes(one))!;
    const right = truth.get(text)!;
    return JSON.stringify({
      label: knows(system, text) ? right : right === "billing" ? "returns" : "billing",
    });
  });
}
