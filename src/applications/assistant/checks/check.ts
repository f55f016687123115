/** Where a text stands that is checked. */
export type CheckedPlace = "question" | "passage" | "answer";

/** What a check found in a text. */
export interface Finding {
  kind: "injection" | "secret" | "personal data";
  /** What it is, in words that a reader of a refusal understands. Holds nothing of the text itself. */
  rule: string;
  /**
   * From and up to where it stands in the text. What has a place is struck out; for what has none, the whole text is
   * turned down.
   */
  span?: readonly [from: number, to: number];
}

/**
 * Looks for what must not go on: into a model, or to a reader. The built-in checks are rules, quick and blind to what
 * nobody thought of; one that asks a model is an object like theirs.
 */
export interface SecurityCheck {
  readonly name: string;
  /** What the check finds in a text that stands in `place`; nothing is an empty list. */
  find(text: string, place: CheckedPlace): readonly Finding[] | Promise<readonly Finding[]>;
}
