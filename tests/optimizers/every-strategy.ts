import type { LanguageModel } from "../../src/lm/index.ts";
import {
  Best,
  BootstrapFewShot,
  Calibrate,
  COPRO,
  CritiqueRefine,
  DisagreementLoop,
  GEPA,
  KNNFewShot,
  LabeledFewShot,
  LibrarySearch,
  MIPROv2,
  type Optimizer,
  type OptimizerOptions,
  PairedAscent,
  RandomSearch,
  Sequence,
  SIMBA,
} from "../../src/optimizers/index.ts";
import { ticketLibrary } from "./planted-tasks.ts";
import { wordsEmbedder } from "./words-embedder.ts";

/** `predictor`: the one whose instructions a library is for, where a program has several. */
type Make = (
  options: OptimizerOptions & { promptModel: LanguageModel; predictor?: string | undefined },
) => Optimizer;

/** Every strategy there is by its class, small enough that a search of a few hundred rollouts sees all of its stages. */
export const everyStrategy: Readonly<Record<string, Make>> = {
  LabeledFewShot: (options) => new LabeledFewShot(options),
  BootstrapFewShot: (options) => new BootstrapFewShot(options),
  RandomSearch: (options) => new RandomSearch({ ...options, numCandidates: 3 }),
  KNNFewShot: (options) => new KNNFewShot({ ...options, embedder: wordsEmbedder }),
  COPRO: (options) => new COPRO({ ...options, breadth: 4, depth: 2 }),
  MIPROv2: (options) => new MIPROv2(options),
  SIMBA: (options) => new SIMBA({ ...options, minibatch: 12, maxSteps: 2 }),
  GEPA: (options) => new GEPA(options),
  PairedAscent: (options) => new PairedAscent(options),
  CritiqueRefine: (options) => new CritiqueRefine(options),
  DisagreementLoop: (options) => new DisagreementLoop(options),
  LibrarySearch: (options) => new LibrarySearch({ ...options, library: ticketLibrary }),
  Calibrate: (options) => new Calibrate({ ...options, embedder: wordsEmbedder }),
  Best: (options) => new Best({ ...options, embedder: wordsEmbedder }),
  Sequence: ({ promptModel, ...options }) =>
    new Sequence({
      ...options,
      rounds: 2,
      strategies: [
        (shared) => new GEPA({ ...shared, promptModel }),
        (shared) => new BootstrapFewShot({ ...shared, maxLabeledDemos: 4 }),
      ],
    }),
};
