import type { AnySignature } from "../../adapters/index.ts";
import { Predict, type PredictOptions } from "../../modules/index.ts";
import type { Scale } from "../numeric.ts";
import { Judge, type Judgement } from "./judge.ts";

/** The outputs of a judge that scores from 1 to 5: the reason comes first, so that the score follows from it. */
export const fivePoints = {
  rationale: { type: "str", description: "what decides the score, in a sentence or two" },
  score: { type: "Literal[1, 2, 3, 4, 5]", description: "the level that fits best" },
} as const;

/** A judge of one step that scores from 1 to 5 by the rubric in the instructions of its class's signature. */
export abstract class FivePointJudge<Inputs extends object> extends Judge<Inputs> {
  readonly range: Scale = [1, 5];
  readonly judge: Predict;

  constructor(options?: string | PredictOptions) {
    super();
    this.judge = new Predict<AnySignature>(this.signature, options);
  }

  /** The score, and why. */
  async forward(inputs: Inputs): Promise<Judgement> {
    const { score, rationale } = (await this.judge.call(inputs)) as Judgement;
    return { score, rationale };
  }
}
