import { onUse } from "../core/index.ts";
import { signature } from "../signature/index.ts";
import { ChainOfThought } from "./chain-of-thought.ts";
import { Module } from "./module.ts";
import { Predict } from "./predict.ts";

const step = onUse(() =>
  signature(
    {
      inputs: {
        context: { type: "list[str]", description: "numbered passages, the only ground of the answer" },
        question: "str",
      },
      outputs: {
        answer: { type: "str", description: "one or two plain sentences" },
        citations: { type: "list[int]", description: "numbers of the passages that the answer rests on" },
      },
    },
    "Answer the question from the passages alone, and cite those that the answer rests on by their numbers. " +
      "Where the passages do not hold the answer, say so and cite none.",
  ),
);

/**
 * The step that answers from passages: `context, question -> answer, citations`. Citations count from 1; one that
 * names no passage given, or repeats another, is left out, so that none is ever invented.
 */
export class CitedAnswer extends Module {
  static override get signature() {
    return step();
  }

  /** Reasons first, unless told otherwise: a model too small to reason only loses its way in it. */
  readonly step: Predict<ReturnType<typeof step>> | ChainOfThought<ReturnType<typeof step>>;

  constructor({ reasoning = true }: { reasoning?: boolean } = {}) {
    super();
    this.step = reasoning ? new ChainOfThought(step()) : new Predict(step());
  }

  async forward(inputs: {
    context: readonly string[];
    question: string;
  }): Promise<{ answer: string; citations: number[] }> {
    const { answer, citations } = await this.step.call({ ...inputs, context: [...inputs.context] });
    const given = (citation: number) => citation >= 1 && citation <= inputs.context.length;
    return { answer, citations: [...new Set(citations.filter(given))] };
  }
}
