import { Best } from "./best.ts";
import { BootstrapFewShot } from "./bootstrap-few-shot.ts";
import { Calibrate } from "./calibrate.ts";
import { COPRO } from "./copro.ts";
import { GEPA } from "./gepa.ts";
import { KNNFewShot } from "./knn-few-shot.ts";
import { LabeledFewShot } from "./labeled-few-shot.ts";
import { MIPROv2 } from "./miprov2.ts";
import type { Optimizer, OptimizerOptions } from "./optimizer.ts";
import { PairedAscent } from "./paired-ascent.ts";
import { RandomSearch } from "./random-search.ts";
import { SIMBA } from "./simba.ts";

const optimizers: Readonly<Record<string, new (options: OptimizerOptions) => Optimizer>> = {
  "random-search": RandomSearch,
  bootstrap: BootstrapFewShot,
  labeled: LabeledFewShot,
  knn: KNNFewShot,
  gepa: GEPA,
  miprov2: MIPROv2,
  copro: COPRO,
  simba: SIMBA,
  "paired-ascent": PairedAscent,
  calibrate: Calibrate,
  best: Best,
};

/** The names a command line or a saved setting may use. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** What makes the optimizer of that name, with its defaults; undefined where there is none. */
export function optimizerByName(name: string): ((options: OptimizerOptions) => Optimizer) | undefined {
  const made = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined;
  return made && ((options) => new made(options));
}
