import { ConfigurationError } from "../core/index.ts";
import type { Label } from "../lm/index.ts";
import { type Extension, type ExtensionReader, knowExtension, type PredictorCall } from "../modules/index.ts";
import { builtInEmbedder, type Embedder } from "../retrieval/embedders/index.ts";
import { inputText } from "./input-text.ts";
import { type LinearProbe, probed } from "./probe-fit.ts";

/** What a {@link Probe} saves. Lists are in the order of `labels`. */
export interface ProbeState extends LinearProbe {
  /** Identity of the embedder: of another one's vectors it can tell nothing. */
  readonly embedder: string;
  readonly labels: readonly Label[];
}

/**
 * What the inputs' embedding says of the label, beside what the model says: a linear probe that was fitted to labelled
 * rows. It only adds to the weights of a {@link Calibration}; a predictor without one, or whose endpoint tells no
 * log-probabilities, answers as it would without.
 *
 * Saved with the program: numbers, no rows. A program whose embedder is not built in is loaded with
 * `load(path, { probe: Probe.reader(embedder) })`. A call fails where its embedder does.
 */
export class Probe implements Extension {
  readonly name = "probe";
  readonly version = 1;
  readonly state: ProbeState;
  readonly #embedder: Embedder;

  /** Throws ConfigurationError where a label lacks its numbers, or the vectors are another embedder's. */
  constructor(state: ProbeState, embedder: Embedder) {
    const { labels, directions, offsets } = state;
    const width = directions[0]?.length ?? 0;
    const complete = [directions, offsets].every(({ length }) => length === labels.length);
    const numbers = directions.every((one) => one.length === width && one.every(Number.isFinite));
    if (labels.length < 2 || width === 0 || !complete || !numbers || !offsets.every(Number.isFinite)) {
      throw new ConfigurationError(
        "a probe needs two labels or more, and for each a direction, all as long as a vector, and an offset; all finite numbers",
      );
    }
    if (state.embedder !== embedder.identity) {
      throw new ConfigurationError(
        `the saved probe reads vectors of the embedder "${state.embedder}", not of "${embedder.identity}"; ` +
          `load with its reader: load(path, { probe: Probe.reader(embedder) })`,
      );
    }
    this.state = state;
    this.#embedder = embedder;
  }

  /** Reads a saved probe of vectors that `embedder` makes. */
  static reader(this: void, embedder: Embedder): ExtensionReader {
    return (saved, version) => {
      const { embedder: identity, labels, directions, offsets } = (saved ?? {}) as Partial<ProbeState>;
      const lists = [labels, directions, offsets].every(Array.isArray) && directions!.every(Array.isArray);
      if (version !== 1 || typeof identity !== "string" || !lists) {
        throw new ConfigurationError(
          `found a saved probe of version ${version}, expected one of version 1 with embedder, labels, directions and offsets`,
        );
      }
      const state = { embedder: identity, labels: labels!, directions: directions, offsets: offsets! };
      return new Probe(state, embedder);
    };
  }

  async around(
    call: PredictorCall,
    next: (call: PredictorCall) => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>> {
    const { labels } = this.state;
    const { signature, inputs, settings } = call;
    const [vector] = await this.#embedder.embed([inputText(signature, inputs)], { signal: settings.signal });
    const logOdds = probed(this.state, vector!);
    return next({
      ...call,
      labelEvidence: Object.fromEntries(labels.map((label, index) => [String(label), logOdds[index]!])),
    });
  }

  toJSON(): ProbeState {
    return this.state;
  }
}

// A built-in embedder is known by its identity alone; another one must be given.
knowExtension("probe", (saved, version) => {
  const { embedder } = (saved ?? {}) as Partial<ProbeState>;
  return Probe.reader(builtInEmbedder(embedder))(saved, version);
});
