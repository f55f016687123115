export { Completeness } from "./completeness.ts";
export { ContextualJudge, type ContextualJudgeOptions } from "./contextual-judge.ts";
export { Faithfulness } from "./faithfulness.ts";
export { type Direction, goodness, Judge, type Judgement } from "./judge.ts";
export { judged } from "./judged.ts";
export { Relevance } from "./relevance.ts";
export { SemanticF1, type SemanticJudgement } from "./semantic-f1.ts";
export { Toxicity } from "./toxicity.ts";
