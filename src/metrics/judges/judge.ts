import { Module } from "../../modules/index.ts";
import type { Scale } from "../numeric.ts";

/** Which end of a scale is the good one. */
export type Direction = "higher" | "lower";

/** What a judge says. */
export interface Judgement {
  /** On the judge's scale. */
  score: number;
  /** Why, in a sentence or two. */
  rationale: string;
}

/**
 * A program that scores something on a scale and says why. Being a program, it can be evaluated against the scores of
 * people (`agreementOf`), optimised (with {@link scaleFeedback} as metric) and saved; {@link judged} makes it a metric.
 */
export abstract class Judge<Inputs extends object = object> extends Module {
  /** The lowest and the highest score. */
  abstract readonly range: Scale;
  /** Whether high scores are good or bad. */
  abstract readonly direction: Direction;
  abstract override forward(inputs: Inputs): Promise<Judgement>;
}

/** The share of its scale that a score reaches: 1 is the good end, 0 the bad one. */
export function goodness({ range: [low, high], direction }: Judge, score: number): number {
  const share = Math.min(1, Math.max(0, (score - low) / (high - low)));
  return direction === "higher" ? share : 1 - share;
}
