import type { Demo } from "../adapters/index.ts";
import { ConfigurationError } from "../core/index.ts";
import { type Extension, type ExtensionReader, knowExtension, type PredictorCall } from "../modules/index.ts";
import { builtInEmbedder, type Embedder } from "../retrieval/embedders/index.ts";
import { inputText } from "./input-text.ts";

/** What a {@link Neighbours} saves. */
export interface NeighboursState {
  /** Identity of the embedder: with another one, other rows would be near. */
  readonly embedder: string;
  /** Rows shown with a call. */
  readonly k: number;
  /** The rows to choose from, as demos. */
  readonly rows: readonly Demo[];
}

/**
 * Shows a predictor, with each call, the `k` rows whose inputs are nearest to those of the call, behind its own demos
 * and the nearest last. A row with the very inputs of the call is left out: else a program would be better on the
 * rows it learnt from than on new ones, and what is fitted to those (a calibration) would be misled.
 *
 * Saved with the program, with its rows. A program whose rows were embedded by another embedder than `wordEmbedder()`
 * is loaded with `load(path, { neighbours: Neighbours.reader(embedder) })`.
 */
export class Neighbours implements Extension {
  readonly name = "neighbours";
  readonly version = 1;
  readonly state: NeighboursState;
  readonly #embedder: Embedder;
  #vectors: Promise<readonly Float32Array[]> | undefined;

  /** Throws ConfigurationError where `k` is less than 1, or there is no row. */
  constructor(k: number, rows: readonly Demo[], embedder: Embedder) {
    if (!(k >= 1)) throw new ConfigurationError(`invalid k: ${k}; expected 1 or more`);
    if (rows.length === 0)
      throw new ConfigurationError("there is no row to choose from; expected one or more");
    this.state = { embedder: embedder.identity, k, rows };
    this.#embedder = embedder;
  }

  /** Reads saved neighbours whose rows were embedded by `embedder`. */
  static reader(this: void, embedder: Embedder): ExtensionReader {
    return (saved, version) => {
      const { embedder: identity, k, rows } = (saved ?? {}) as Partial<NeighboursState>;
      if (version !== 1 || typeof k !== "number" || !Array.isArray(rows)) {
        throw new ConfigurationError(
          `found saved neighbours of version ${version}, expected some of version 1 with embedder, k and rows`,
        );
      }
      if (identity !== embedder.identity) {
        throw new ConfigurationError(
          `the saved neighbours were found by the embedder "${identity}", not by "${embedder.identity}"; ` +
            `load with its reader: load(path, { neighbours: Neighbours.reader(embedder) })`,
        );
      }
      return new Neighbours(k, rows as readonly Demo[], embedder);
    };
  }

  async around(
    call: PredictorCall,
    next: (call: PredictorCall) => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>> {
    const near = await this.#nearest(call);
    return next({ ...call, demos: [...call.demos, ...near] });
  }

  toJSON(): NeighboursState {
    return this.state;
  }

  /** The nearest rows, the nearest last; of equals the earlier row is the nearer. */
  async #nearest({ signature, inputs, settings }: PredictorCall): Promise<Demo[]> {
    const { k, rows } = this.state;
    const texts = rows.map((row) => inputText(signature, row));
    const asked = inputText(signature, inputs);
    this.#vectors ??= this.#embedder.embed(texts);
    const vectors = await this.#vectors.catch((error: unknown) => {
      this.#vectors = undefined; // what could not be reached may be there the next time
      throw error;
    });
    const [vector] = await this.#embedder.embed([asked], { signal: settings.signal });
    return rows
      .map((row, index) => ({ row, text: texts[index], likeness: product(vector!, vectors[index]!) }))
      .filter(({ text }) => text !== asked)
      .sort((a, b) => b.likeness - a.likeness)
      .slice(0, k)
      .map(({ row }) => row)
      .reverse();
  }
}

// A built-in embedder is known by its identity alone; another one must be given.
knowExtension("neighbours", (saved, version) => {
  const { embedder } = (saved ?? {}) as Partial<NeighboursState>;
  return Neighbours.reader(builtInEmbedder(embedder))(saved, version);
});

function product(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index]! * other[index]!;
  return sum;
}
