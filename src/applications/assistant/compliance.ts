import type { Principal } from "../../modules/index.ts";
import { contentWords } from "../../retrieval/index.ts";

/** What a house says on some topics to some people. Plain data, which a lawyer can read. */
export interface ComplianceRule {
  /** Names the rule in the notes. */
  readonly id: string;
  /** Whom it is for: principals of any of these groups. Default: everybody. */
  readonly groups?: readonly string[] | undefined;
  /** Whom it is not for, though of `groups`: principals of any of these. */
  readonly except?: readonly string[] | undefined;
  /** Topics, each by its words: a text is about one that it holds all words of, in any form and order. Empty: always. */
  readonly topics: readonly string[];
  /** Why questions on it are not answered; such questions go to no model. */
  readonly refusal?: string | undefined;
  /** What stands below an answer on it. */
  readonly disclaimer?: string | undefined;
}

/** The rules that hold for somebody and a text, in their order. Somebody unknown is of no group, and exempt of nothing. */
export function rulesFor(
  rules: readonly ComplianceRule[],
  principal: Principal | undefined,
  text: string,
): ComplianceRule[] {
  const groups = new Set(principal?.groups ?? []);
  const words = contentWords(text);
  return rules.filter(
    ({ groups: of, except = [], topics }) =>
      (of === undefined || of.some((group) => groups.has(group))) &&
      !except.some((group) => groups.has(group)) &&
      (topics.length === 0 || topics.some((topic) => holdsAll(words, contentWords(topic)))),
  );
}

function holdsAll(words: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  return wanted.size > 0 && [...wanted].every((word) => words.has(word));
}
