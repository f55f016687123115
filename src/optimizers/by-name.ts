import { Best } from "./best.ts";
import { BootstrapFewShot, type BootstrapOptions } from "./bootstrap-few-shot.ts";
import { Calibrate } from "./calibrate.ts";
import { COPRO } from "./copro.ts";
import { CritiqueRefine } from "./critique-refine.ts";
import { GEPA } from "./gepa.ts";
import { KNNFewShot } from "./knn-few-shot.ts";
import { LabeledFewShot } from "./labeled-few-shot.ts";
import { MIPROv2 } from "./miprov2.ts";
import type { Optimizer, OptimizerOptions, ProposerOptions } from "./optimizer.ts";
import { PairedAscent } from "./paired-ascent.ts";
import { RandomSearch } from "./random-search.ts";
import { SIMBA } from "./simba.ts";

/** What an optimizer that is known by its name alone can be told; each takes of it what it needs. */
export interface NamedOptimizerOptions
  extends OptimizerOptions, ProposerOptions, Pick<BootstrapOptions, "teacher"> {}

const optimizers: Readonly<Record<string, new (options: NamedOptimizerOptions) => Optimizer>> = {
  "random-search": RandomSearch,
  bootstrap: BootstrapFewShot,
  labeled: LabeledFewShot,
  knn: KNNFewShot,
  gepa: GEPA,
  miprov2: MIPROv2,
  copro: COPRO,
  "critique-refine": CritiqueRefine,
  simba: SIMBA,
  "paired-ascent": PairedAscent,
  calibrate: Calibrate,
  best: Best,
};

/** The names a command line or a saved setting may use. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** What makes the optimizer of that name, with its defaults; undefined where there is none. */
export function optimizerByName(name: string): ((options: NamedOptimizerOptions) => Optimizer) | undefined {
  const made = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined;
  return made && ((options) => new made(options));
}
