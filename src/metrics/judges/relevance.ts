import { onUse } from "../../core/index.ts";
import { signature } from "../../signature/index.ts";
import { FivePointJudge, fivePoints } from "./five-point-judge.ts";

const rubric = onUse(() =>
  signature(
    { inputs: { query: "str", document: "str" }, outputs: fivePoints },
    `How much does the document help somebody who asks the query?
   5: it answers the query, or the part of it that one document can answer.
   4: it is about the same matter, but one thing is missing or must be inferred.
   3: a neighbouring case worth a look: the same problem elsewhere, or another problem of the same thing.
   2: it shares only a word, a symptom or a kind of thing with the query.
   1: it has nothing to do with the query.
   Judge the document alone, not what other documents might add. A plain no is as good an answer as a yes.`,
  ),
);

/** Judge: how relevant a document is to a query, `query, document -> rationale, score`, 1 to 5; higher is better. */
export class Relevance extends FivePointJudge<{ query: string; document: string }> {
  static override get signature() {
    return rubric();
  }

  readonly direction = "higher";
}
