/** Letters, digits and underscore in any script, as Python's `\w` has them. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
const punctuation = /[!-/:-@[-`{-~]/g;

/**
 * Text as question answering compares it (SQuAD, Rajpurkar et al. 2016, and DSPy): canonically decomposed, in
 * lower case, without ASCII punctuation and English articles, words apart by one space.
 */
export function normalizeText(text: string): string {
  return text
    .normalize("NFD")
    .toLowerCase()
    .replace(punctuation, "")
    .replace(articles, " ")
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");
}

/** The words of {@link normalizeText}. */
export function normalizedWords(text: string): string[] {
  const normalized = normalizeText(text);
  return normalized === "" ? [] : normalized.split(" ");
}
