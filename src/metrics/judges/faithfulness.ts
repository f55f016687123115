import { onUse } from "../../core/index.ts";
import { signature } from "../../signature/index.ts";
import { FivePointJudge, fivePoints } from "./five-point-judge.ts";

const rubric = onUse(() =>
  signature(
    { inputs: { context: "list[str]", answer: "str" }, outputs: fivePoints },
    `Does the context bear out what the answer claims? Take each claim by itself.
   5: every claim follows from the context.
   4: every claim that matters does; a detail goes a little beyond it.
   3: about half of the claims do.
   2: most claims are not in the context.
   1: the answer contradicts the context, or nothing in it is borne out.
   Only the context counts: a claim that is true but not in it is not borne out. An answer that only says that the
   context holds no answer claims nothing, and is a 5.`,
  ),
);

/** Judge: whether an answer rests on its context, `context, answer -> rationale, score`, 1 to 5; higher is better. */
export class Faithfulness extends FivePointJudge<{ context: readonly string[]; answer: string }> {
  static override get signature() {
    return rubric();
  }

  readonly direction = "higher";
}
