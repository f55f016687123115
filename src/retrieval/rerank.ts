import { ConfigurationError, currentSpan, errorText, LmframeError } from "../core/index.ts";
import { type Module, passageText, Predict, type Retriever, FunctionRetriever } from "../modules/index.ts";

/** A program that orders passages: `order` holds their numbers, from 1, best first. */
export type RerankProgram = Module & {
  /** `query, passages -> order`. */
  forward(inputs: { query: string; passages: string[] }): Promise<{ order: readonly number[] }>;
};

/** How {@link rerank} works. */
export interface RerankOptions {
  /** Default: a predictor that is asked for the order. */
  readonly program?: RerankProgram | undefined;
  /** How many passages the program is shown; a search that wants more gets more. Default 20. */
  readonly depth?: number | undefined;
}

/**
 * A retriever that has a program put in order what another found. Numbers that are no passage's are passed over, and
 * passages that the program does not name follow in the order they had. `score` is 1 over the new rank.
 *
 * Where the model fails or its answer cannot be read, the passages come as they were found, with a warning and the
 * attribute `rerankError` on the search's span. A ConfigurationError is thrown on.
 */
export function rerank(
  retriever: Retriever,
  { program = orderByRelevance(), depth = 20 }: RerankOptions = {},
): Retriever {
  if (!(Number.isInteger(depth) && depth > 0)) {
    throw new ConfigurationError(`invalid depth: ${depth}; expected a whole number of passages, at least 1`);
  }
  return new FunctionRetriever(retriever.name, async (query, { k = 5, ...options } = {}) => {
    const found = await retriever.search(query, { ...options, k: Math.max(k, depth) });
    if (found.length < 2) return found;
    const span = currentSpan();
    try {
      const { signal } = options;
      const inputs = { query, passages: found.map(passageText) };
      const { order } = await program.call(inputs, signal && { signal });
      const named = order.map((number) => found[number - 1]).filter((passage) => passage !== undefined);
      const ordered = [...new Set([...named, ...found])];
      return ordered.slice(0, k).map((passage, index) => ({ ...passage, score: 1 / (index + 1) }));
    } catch (error) {
      if (!(error instanceof LmframeError) || error instanceof ConfigurationError) throw error;
      if (span) span.attributes.rerankError = errorText(error);
      process.emitWarning(`${retriever.name}: passages come as they were found: ${errorText(error)}`);
      return found.slice(0, k);
    }
  });
}

function orderByRelevance(): RerankProgram {
  return new Predict(
    "query, passages: list[str] -> order: list[int]",
    "Order the passages by how much they help with the query. " +
      "Give the numbers of those that help, the most helpful first, and leave out the others.",
  );
}
