import { onUse } from "../../core/index.ts";
import { Predict, type PredictOptions } from "../../modules/index.ts";
import { signature } from "../../signature/index.ts";
import type { Scale } from "../numeric.ts";
import { Judge, type Judgement } from "./judge.ts";

const comparison = onUse(() =>
  signature(
    {
      inputs: {
        question: "str",
        reference: { type: "str", description: "an answer known to be right" },
        answer: { type: "str", description: "the answer to judge" },
      },
      outputs: {
        rationale: { type: "str", description: "key ideas of both, and which of them are in the other" },
        recall: {
          type: "float",
          description: "share of the reference's key ideas that the answer holds, 0 to 1",
        },
        precision: {
          type: "float",
          description: "share of the answer's key ideas that the reference holds, 0 to 1",
        },
      },
    },
    "Compare an answer with a reference by their key ideas. Name the ideas of each that bear on the question, then give " +
      "the share of each side that the other one holds. Wording does not matter; a contradicted idea is not held.",
  ),
);
const judgement = onUse(() => comparison().appendOutput("score", "float"));

/** What {@link SemanticF1} says. */
export interface SemanticJudgement extends Judgement {
  /** Share of the reference's key ideas that the answer holds, 0 to 1. */
  recall: number;
  /** Share of the answer's key ideas that the reference holds, 0 to 1. */
  precision: number;
}

/**
 * Judge: F1 of the key ideas that an answer and a reference share, `question, reference, answer -> rationale, recall,
 * precision, score`, 0 to 1; higher is better. The idea is that of DSPy's `SemanticF1`; the prompt is ours.
 */
export class SemanticF1 extends Judge<{ question: string; reference: string; answer: string }> {
  static override get signature() {
    return judgement();
  }

  readonly range: Scale = [0, 1];
  readonly direction = "higher";
  readonly judge: Predict<ReturnType<typeof comparison>>;

  constructor(options?: string | PredictOptions) {
    super();
    this.judge = new Predict(comparison(), options);
  }

  async forward(inputs: { question: string; reference: string; answer: string }): Promise<SemanticJudgement> {
    const said = await this.judge.call(inputs);
    const [recall, precision] = [share(said.recall), share(said.precision)];
    const score = recall * precision === 0 ? 0 : (2 * recall * precision) / (recall + precision);
    return { rationale: said.rationale, recall, precision, score };
  }
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
