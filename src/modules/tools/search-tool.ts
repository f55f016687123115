import { parseType } from "../../signature/index.ts";
import type { RetrieveOptions } from "../retrieve.ts";
import { passageText } from "../retrieve.ts";
import type { Retriever } from "../retriever.ts";
import { type ArgumentsType, Tool } from "./tool.ts";

/** What {@link searchTool} takes beside the retriever. */
export interface SearchToolOptions extends RetrieveOptions {
  /** Default `search`. */
  name?: string | undefined;
  /** What can be found, for the model that chooses. */
  description: string;
}

/**
 * Makes a tool of a retriever, so that an agent searches only when a question needs it. The model sees the passages
 * with their ids. The search runs on behalf of the principal of the call: no argument of the model's can be one.
 */
export function searchTool(
  retriever: Retriever,
  { name = "search", description, k = 5, ...options }: SearchToolOptions,
): Tool<{ query: string }> {
  return new Tool({
    name,
    description,
    type: parseType("{query: str}") as ArgumentsType,
    run: async ({ query }, { signal }) => {
      const passages = await retriever.search(query, { ...options, k, signal });
      return passages.map((passage) => ({ id: passage.id, text: passageText(passage) }));
    },
  });
}
