import { Predict } from "../../modules/index.ts";
import { callSettings, type CallSettings } from "../../modules/call-settings.ts";

/** How hard a task is, from 0 (simple) to 1. */
export type Complexity = (inputs: Readonly<Record<string, unknown>>) => number | Promise<number>;

/** Words that join, bound or condition what is asked. */
const joints =
  /\b(and|or|not|but|if|unless|except|without|before|after|while|both|each|every|all|between|compare|why|how|then|than|because|explain|prove|derive|step)\b/giu;

/**
 * How hard a task looks by its words: the mean of how long it is (half at 100 words), how many conditions and joints it
 * has (half at 6), and how many quantities (half at 4). A measure that costs nothing, to begin with: it knows no
 * meaning. {@link judgedComplexity} asks a model instead, and any function of yours will do.
 */
export function measuredComplexity(inputs: Readonly<Record<string, unknown>>): number {
  const text = Object.values(inputs)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value ?? "")))
    .join("\n");
  const half = (count: number, at: number) => count / (count + at);
  const words = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  const quantities = text.match(/\d+([.,]\d+)*/g)?.length ?? 0;
  return (half(words, 100) + half(text.match(joints)?.length ?? 0, 6) + half(quantities, 4)) / 3;
}

/**
 * A program that says how hard a task is for a language model. Its model is the one in force, or that of `settings`; a
 * small one will do. Like any program it can be tuned, against scores of models on tasks that were tried.
 */
export class ComplexityJudge extends Predict<"task -> complexity: float"> {
  constructor() {
    super(
      "task -> complexity: float",
      "Say how hard the task is for a language model, from 0.0 to 1.0. 0.1: one fact or one step, no conditions. " +
        "0.5: several steps, or facts to be put together. 0.9: long chains of reasoning, conditions that depend on " +
        "each other, or expert knowledge.",
    );
  }
}

/** {@link ComplexityJudge} as a measure of rows. What it says is kept within 0 and 1. */
export function judgedComplexity(
  judge: ComplexityJudge = new ComplexityJudge(),
  settings?: CallSettings,
): Complexity {
  return async (inputs) => {
    const task = Object.entries(inputs)
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
      .join("\n");
    const { complexity } = await judge.call({ task }, { ...callSettings(), ...settings });
    return Math.min(1, Math.max(0, complexity));
  };
}
