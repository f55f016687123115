import { contentWords, searchedText } from "../retrieval/index.ts";
import { type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { citedIds } from "./citations.ts";

/**
 * Share of an answer's content words that stand in the passages, 0 to 1, words compared as {@link contentWords}
 * gives them. It sees words and not meaning: an answer in plain words from passages in shorthand scores below 1, and
 * passages denied with their own words score 1. Cheap enough for every answer; a judge of faithfulness reads for
 * meaning. An answer without content words scores 1, as it claims nothing.
 */
export function groundedness(answer: string, passages: readonly string[]): number {
  const said = contentWords(answer);
  return said.size === 0 ? 1 : 1 - ungroundedWords(answer, passages).length / said.size;
}

/** The content words of an answer that stand in no passage. */
export function ungroundedWords(answer: string, passages: readonly string[]): string[] {
  const held = contentWords(passages.join("\n"));
  return [...contentWords(answer)].filter((word) => !held.has(word));
}

/** Where {@link grounded} looks. */
export interface GroundedFields<F extends string = string> {
  /** The program's output with the answer. Default `answer`. */
  answer?: F | undefined;
  /** The program's output with the passages, or texts. Default `passages`. */
  passages?: F | undefined;
  /** The program's output with the citations; only passages that are cited count. Default `citations`. */
  citations?: F | undefined;
  /** Rewrites a passage before words are compared: `expandShorthand`, say. Default: passages as they are. */
  plain?: ((passage: string) => string) | undefined;
}

/**
 * Metric: {@link groundedness} of an answer in the passages it cites. Their text and their fields count. An answer
 * that cites nothing is grounded in nothing; where a program refused, leave the row out or read `abstains` beside it.
 */
export function grounded<F extends string = "answer" | "passages" | "citations">({
  answer = "answer" as F,
  passages = "passages" as F,
  citations = "citations" as F,
  plain = (passage) => passage,
}: GroundedFields<F> = {}): FieldMetric<F> {
  const settings = [answer, passages, citations, String(plain)];
  return fieldMetric(`groundedness of ${answer}`, undefined, settings, (_row: object, outputs: object) => {
    const given = outputOf(passages, outputs) as readonly unknown[];
    const cited = new Set(citedIds(outputOf(citations, outputs) as readonly unknown[], given).cited);
    const texts = given
      .filter((passage) => cited.has(idOf(passage)))
      .map((passage) => plain(textOf(passage)));
    const said = String(outputOf(answer, outputs));
    const score = groundedness(said, texts);
    if (score === 1) return { score };
    return { score, feedback: `in no cited passage: ${ungroundedWords(said, texts).join(", ")}` };
  });
}

function idOf(passage: unknown): string {
  return typeof passage === "string" ? passage : String((passage as { id: unknown }).id);
}

function textOf(passage: unknown): string {
  if (typeof passage === "string") return passage;
  const { text, fields = {} } = passage as { text: string; fields?: Readonly<Record<string, unknown>> };
  return searchedText({ text, fields });
}
