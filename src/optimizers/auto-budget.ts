/** How much a search may try. */
export type AutoBudget = "light" | "medium" | "heavy";

/** Choices for each part of a prompt, as DSPy's `auto` sets them for MIPROv2 and GEPA alike. */
export const candidatesByAuto: Readonly<Record<AutoBudget, number>> = { light: 6, medium: 12, heavy: 18 };

/**
 * Trials of a search over so many variables with so many choices each, as DSPy counts them:
 * max(2 × variables × log2(choices), 1.5 × choices), rounded down.
 */
export function trialsFor(variables: number, choices: number): number {
  return Math.floor(Math.max(2 * variables * Math.log2(choices), 1.5 * choices));
}
