export { amplifyLabels, type AmplifyLabelsOptions, LabelAmplification } from "./amplify-labels.ts";
export type { AutoBudget } from "./auto-budget.ts";
export { Best, type BestOptions } from "./best.ts";
export { type NamedOptimizerOptions, optimizerByName, optimizerNames } from "./by-name.ts";
export {
  BootstrapFewShot,
  type BootstrapFewShotOptions,
  type BootstrapOptions,
} from "./bootstrap-few-shot.ts";
export { type Budget, BudgetExhausted, type ModelRole, type StudyBudget, type Used } from "./budget.ts";
export { Calibrate, type CalibrateOptions } from "./calibrate.ts";
export type { Candidate, Edits } from "./candidate.ts";
export { COPRO, type COPROOptions } from "./copro.ts";
export { CritiqueRefine, type CritiqueRefineOptions } from "./critique-refine.ts";
export { DisagreementLoop, type DisagreementLoopOptions } from "./disagreement-loop.ts";
export { GEPA, type GEPAOptions } from "./gepa.ts";
export type { GuardrailOptions } from "./guardrails.ts";
export { type Bullet, InstructionLibrary, type ProposeBulletsOptions } from "./instruction-library.ts";
export { KNNFewShot, type KNNFewShotOptions } from "./knn-few-shot.ts";
export { LabeledFewShot, type LabeledFewShotOptions } from "./labeled-few-shot.ts";
export { type BulletContribution, LibrarySearch, type LibrarySearchOptions } from "./library-search.ts";
export { type Measured, measureSearch, type MeasuredSearch } from "./measured-search.ts";
export { MIPROv2, type MIPROv2Options } from "./miprov2.ts";
export { Neighbours, type NeighboursState } from "./neighbours.ts";
export { macroF1, meanScore, type Objective, type ScoredRow, weighted } from "./objective.ts";
export { Optimization } from "./optimization.ts";
export { type CompileOptions, Optimizer, type OptimizerOptions, type ProposerOptions } from "./optimizer.ts";
export { PairedAscent, type PairedAscentOptions } from "./paired-ascent.ts";
export { Probe, type ProbeState } from "./probe.ts";
export type { LinearProbe } from "./probe-fit.ts";
export { RandomSearch, type RandomSearchOptions } from "./random-search.ts";
export { retune, type RetuneOptions, Retuning } from "./retune.ts";
export {
  servingAware,
  servingFront,
  type ServingPoint,
  type ServingStats,
  servingStats,
} from "./serving-stats.ts";
export { Sequence, type SequenceOptions } from "./sequence.ts";
export { SIMBA, type SIMBAOptions } from "./simba.ts";
export {
  type Ranked,
  type RolloutOptions,
  type Rollouts,
  type Split,
  Study,
  StudyInterrupted,
  type StudySetup,
} from "./study.ts";
