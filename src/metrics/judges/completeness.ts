import { onUse } from "../../core/index.ts";
import { signature } from "../../signature/index.ts";
import { FivePointJudge, fivePoints } from "./five-point-judge.ts";

const rubric = onUse(() =>
  signature(
    { inputs: { question: "str", answer: "str" }, outputs: fivePoints },
    `Does the answer give all that the question asks for?
   5: every part of the question is answered.
   4: all but a detail.
   3: about half of what was asked.
   2: it touches the question and leaves out the main part.
   1: nothing of what was asked.
   Whether the answer is true is not judged here. What was not asked for earns nothing and costs nothing.`,
  ),
);

/** Judge: whether an answer gives all that was asked, `question, answer -> rationale, score`, 1 to 5; higher is better. */
export class Completeness extends FivePointJudge<{ question: string; answer: string }> {
  static override get signature() {
    return rubric();
  }

  readonly direction = "higher";
}
