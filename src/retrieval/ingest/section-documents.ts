import { countTokens } from "../../lm/index.ts";
import type { Document } from "../document.ts";
import { checkChunks, type ChunkOptions, cutText } from "./chunk-text.ts";
import type { Section } from "./section.ts";

/** The chunks of a file's sections, numbered through the file from 1: `manual.pdf#3`. */
export function* sectionDocuments(
  sections: readonly Section[],
  file: string,
  options: ChunkOptions,
): Generator<Document, void> {
  const sizes = checkChunks(options);
  let number = 0;
  for (const { text, page, headings = [] } of sections) {
    const heading = headings.join(" > ");
    // What a chunk stands under is part of what it says, unless it would leave little room for the rest.
    const lead = heading === "" ? "" : `${heading}\n\n`;
    const taken = lead === "" ? 0 : countTokens(lead);
    const fits = taken <= sizes.chunkTokens / 3;
    const chunkTokens = sizes.chunkTokens - (fits ? taken : 0);
    for (const chunk of cutText(text, { ...sizes, chunkTokens })) {
      yield {
        id: `${file}#${++number}`,
        text: fits ? lead + chunk : chunk,
        source: { file, ...(page !== undefined && { page }) },
        ...(heading !== "" && { fields: { heading } }),
      };
    }
  }
}
