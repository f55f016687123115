import { createHash } from "node:crypto";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import type { Optimization } from "../../src/optimizers/index.ts";
import { signature } from "../../src/signature/index.ts";

/** The sentence that helps the planted model; only a proposer can find it. */
export const rule = "Look at the last word.";

const labels = ["hot", "cold", "mild"] as const;

/** Rows whose label is told by the text; how well the model reads it depends on the prompt. */
export function plantedRows(count: number, seed: number): Dataset<{ text: string; label: string }> {
  return Dataset.from(
    Array.from({ length: count }, (_, index) => {
      const label = labels[number(`${seed}/${index}`) % 3]!;
      return { text: `reading ${seed}-${index} says ${label}`, label };
    }),
  );
}

export const plantedProgram = () =>
  new Predict("text -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");

export const plantedMetric = exactMatch("label");

/** Reads, then classifies what it read: a program of two predictors. */
export class TwoSteps extends Module {
  static override signature = signature("text -> label: Literal['hot', 'cold', 'mild']");
  read = new Predict("text -> word", "Read.");
  judge = new Predict("word -> label: Literal['hot', 'cold', 'mild']", "Judge.");
  async forward({ text }: { text: string }) {
    const { word } = await this.read.call({ text });
    return this.judge.call({ word });
  }
}

/**
 * A model whose correctness is planted: of ten texts it reads three, two more for each example it is shown (up to
 * three), and five more where the instructions hold the rule. It answers proposers with the rule. The same request
 * gives the same answer, but for a temperature above 0, where the rollout counts.
 */
export function plantedReply({
  messages,
  temperature = 0,
  rollout = 0,
}: Pick<LMRequest, "messages" | "temperature" | "rollout">): string {
  const system = text(messages.find(({ role }) => role === "system"));
  const user = text(messages.at(-1));
  const asksFor = (field: string) => new RegExp(`\\b${field}\\b`).test(system);
  if (asksFor("new_instruction")) return JSON.stringify({ new_instruction: `Say how it is. ${rule}` });
  if (asksFor("instruction")) return JSON.stringify({ instruction: `Say how it is. ${rule}` });
  if (asksFor("advice")) return JSON.stringify({ advice: rule });
  if (asksFor("summary")) return JSON.stringify({ summary: "readings" });
  const truth =
    /\b(hot|cold|mild)\b(?!.*\b(hot|cold|mild)\b)/s.exec(user.split("reading").at(-1)!)?.[1] ?? "hot";
  const shown = messages.filter(({ role }) => role === "assistant").length;
  const skill = 3 + 2 * Math.min(3, shown) + (system.includes(rule) ? 5 : 0);
  const luck = number(`${user.slice(-60)}${temperature > 0 ? rollout : ""}`) % 10;
  const answer = luck < skill ? truth : labels[(labels.indexOf(truth as "hot") + 1) % 3]!;
  return JSON.stringify(asksFor("word") && !asksFor("label") ? { word: answer } : { label: answer });
}

/** {@link plantedReply} in this process, with a count of the calls and a wait that differs from call to call. */
export function plantedModel({ wait = 0 } = {}): FunctionModel & { calls: number } {
  const model = Object.assign(
    new FunctionModel(
      async (request) => {
        model.calls++;
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
        return plantedReply(request);
      },
      { name: "planted" },
    ),
    { calls: 0 },
  );
  return model;
}

/** A model that writes instructions, and what it was asked. */
export interface PlantedProposer extends FunctionModel {
  calls: number;
  /** All messages of each request, as one text. */
  prompts: string[];
}

/**
 * A proposer that answers whatever a strategy asks it for. `write` gives the instructions from a number in [0, 1)
 * that the request tells; by default three of ten hold the rule.
 */
export function plantedProposer(
  write: (luck: number, prompt: string) => string = (luck) =>
    luck < 0.3 ? `Say how it is. ${rule}` : `Say how it is, with care number ${Math.floor(luck * 1000)}.`,
): PlantedProposer {
  const model: PlantedProposer = Object.assign(
    new FunctionModel(
      ({ messages, rollout = 0 }) => {
        const prompt = messages.map(text).join("\n");
        model.calls++;
        model.prompts.push(prompt);
        const luck = (number(`${prompt}/${rollout}`) % 1000) / 1000;
        return JSON.stringify({
          lessons: "the answer is in the text",
          instructions: write(luck, prompt),
          observations: "readings of the weather",
          complete: true,
          description: "says how it is",
        });
      },
      { name: "proposer" },
    ),
    { calls: 0, prompts: [] },
  );
  return model;
}

/** Seeds, of ten, for which `reaches` holds. */
export async function seedsOfTen(reaches: (seed: number) => Promise<boolean>): Promise<number> {
  let reached = 0;
  for (let seed = 1; seed <= 10; seed++) if (await reaches(seed)) reached++;
  return reached;
}

/** All that a run decided, but for its times. */
export function outcome(optimization: Optimization) {
  return {
    ranking: optimization.ranking.map(({ candidate, score }) => [candidate.id, candidate.origin, score]),
    candidates: optimization.candidates.map(({ id, parents }) => [id, parents]),
    state: [...optimization.program.predictors()].map(([path, { state }]) => [
      path,
      state.instructions,
      state.demos,
      Object.entries(state.extensions).map(([name, extension]) => [name, extension.toJSON()]),
    ]),
    used: optimization.used,
  };
}

function text(message: { content: unknown } | undefined): string {
  return typeof message?.content === "string" ? message.content : JSON.stringify(message?.content ?? "");
}

function number(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE(0);
}
