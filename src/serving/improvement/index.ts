export type { RegistryPlace } from "./champion-registry.ts";
export type { Duel } from "./duel.ts";
export { answerMetric } from "./examples-search.ts";
export type { ImprovementState, Round, RoundOutcome } from "./improvement-state.ts";
export type { RowOf } from "./learning-rows.ts";
export { SelfImprovingPipeline, type SelfImprovingOptions } from "./self-improving-pipeline.ts";
