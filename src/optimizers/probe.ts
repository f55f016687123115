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
 * `load(path, { probe: Probe.reader(embedder) })`. Where the embedder is not installed, a warning says so once and the
 * model's weights decide alone; where an embedder's endpoint cannot be reached, the call fails as it would without the
 * model.
 */
export class Probe implements Extension {
  readonly name = "probe";
  readonly version = 1;
  readonly state: ProbeState;
  readonly #embedder: Embedder;

  /** Throws ConfigurationError where a label lacks its numbers, or the vectors are another embedder's. */
  constructor(state: ProbeState, embedder: Embedder) {
    const { labels, directions, offsets, means } = state;
    const width = directions[0]?.length ?? 0;
    const complete = [directions, offsets, means].every(({ length }) => length === labels.length);
    const equal = directions.every(({ length }) => length === width);
    const numbers = [...directions, offsets, means].every((list) => list.every(Number.isFinite));
    if (labels.length < 2 || width === 0 || !complete || !equal || !numbers) {
      throw new ConfigurationError(
        "a probe needs two labels or more, and for each a direction as long as a vector, an offset and a mean; all finite numbers",
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
      const { labels, directions, offsets, means, ...known } = (saved ?? {}) as Partial<ProbeState>;
      const lists =
        [labels, directions, offsets, means].every(Array.isArray) && directions!.every(Array.isArray);
      if (version !== 1 || typeof known.embedder !== "string" || !lists) {
        throw new ConfigurationError(
          `found a saved probe of version ${version}, expected one of version 1 with embedder, labels, directions, offsets and means`,
        );
      }
      return new Probe(saved as ProbeState, embedder);
    };
  }

  async around(
    call: PredictorCall,
    next: (call: PredictorCall) => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>> {
    const { labels } = this.state;
    const { signature, inputs, settings } = call;
    const logOdds = await this.#logOdds(inputText(signature, inputs), settings.signal);
    return next({
      ...call,
      labelEvidence: Object.fromEntries(labels.map((label, index) => [String(label), logOdds[index]!])),
    });
  }

  toJSON(): ProbeState {
    return this.state;
  }

  async #logOdds(text: string, signal: AbortSignal | undefined): Promise<readonly number[]> {
    try {
      const [vector] = await this.#embedder.embed([text], { signal });
      return probed(this.state, vector!);
    } catch (error) {
      // What is not installed where a program is served is no reason to answer nothing; an outage will pass.
      if (!(error instanceof ConfigurationError)) throw error;
      warnOnce(this.#embedder, error);
      return this.state.means;
    }
  }
}

const warned = new Set<string>();

function warnOnce({ name, identity }: Embedder, { message }: Error): void {
  if (warned.has(identity)) return;
  warned.add(identity);
  process.emitWarning(
    `a probe answers without the embedder "${name}", by the model's weights alone: ${message}`,
  );
}

// A built-in embedder is known by its identity alone; another one must be given.
knowExtension("probe", (saved, version) => {
  const { embedder } = (saved ?? {}) as Partial<ProbeState>;
  return Probe.reader(builtInEmbedder(embedder))(saved, version);
});
