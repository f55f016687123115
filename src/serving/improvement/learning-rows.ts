import { createHash } from "node:crypto";
import { coerceText } from "../../adapters/coerce.ts";
import { ConfigurationError } from "../../core/index.ts";
import { Dataset, type Row } from "../../data/index.ts";
import type { Module } from "../../modules/index.ts";
import { conversationFields } from "../conversation.ts";
import type { Feedback } from "../feedback-log.ts";
import { fairShare, type Vote, wordsOf } from "./votes.ts";

/** The row that a record teaches; undefined where it teaches none. */
export type RowOf = (feedback: Feedback) => Row | undefined;

/** Which records become rows. */
export interface LearningRule {
  readonly positive: number;
  readonly trainingRows: number;
  readonly duelRows: number;
  readonly keptShare: number;
  readonly audience: readonly string[];
  readonly row: RowOf;
}

/** Rows that a program may learn from, and rows of other questions that it is measured on. */
export interface LearningRows {
  readonly train: Dataset;
  readonly kept: Dataset;
}

/** Characters of a question or an answer beyond which nothing is learnt from it. */
const longest = 4000;

/**
 * What feedback teaches: of each question the answer that most people took for good, the newest first. Whether a
 * question is kept for the duel hangs on its words alone, so it never changes sides.
 */
export function learningRows(votes: readonly Vote[], rule: LearningRule): LearningRows {
  const taught = [...goodAnswers(votes, rule)].sort((a, b) => b.place - a.place);
  const rowsOf = (kept: boolean, wanted: number) =>
    Dataset.from(
      fairShare(
        taught.filter(({ question }) => isKept(question, rule.keptShare) === kept),
        wanted,
      ).map(({ feedback }) => rule.row(feedback)!),
    );
  return { train: rowsOf(false, rule.trainingRows), kept: rowsOf(true, rule.duelRows) };
}

/** The newest vote for the good answer of each question that has one. */
function* goodAnswers(votes: readonly Vote[], { positive, audience, row }: LearningRule): Generator<Vote> {
  for (const ofQuestion of groupBy(votes, ({ question }) => question)) {
    // One person's word on two versions is still one person's.
    const newest = [...new Map(ofQuestion.map((vote) => [vote.person, vote])).values()];
    const answers = groupBy(newest, ({ feedback }) => wordsOf(feedback.answer))
      .filter((same) => mean(same.map(({ feedback }) => feedback.rating)) >= positive)
      .sort((a, b) => b.length - a.length || b.at(-1)!.place - a.at(-1)!.place);
    const vote = answers[0]
      ?.filter(({ feedback }) => feedback.rating >= positive && isOpen(feedback, audience))
      .at(-1);
    if (vote && row(vote.feedback)) yield vote;
  }
}

/** Whether all that the rater might see may be shown to everybody the program answers. */
function isOpen({ principal }: Feedback, audience: readonly string[]): boolean {
  return principal?.groups.every((group) => audience.includes(group)) ?? true;
}

function isKept(question: string, share: number): boolean {
  return createHash("sha256").update(question).digest().readUInt32BE(0) / 2 ** 32 < share;
}

/**
 * The row of a record for a program that takes one text: its input, and the answer where it is of its output's type. A
 * text that is empty or longer than 4,000 characters teaches nothing.
 *
 * @throws ConfigurationError for a program that takes more.
 */
export function rowOfAnswer(program: Module): RowOf {
  const { signature } = program;
  const fields = conversationFields(signature);
  if (!fields) {
    const taken = signature.inputs.map(({ name }) => name).join(", ");
    throw new ConfigurationError(
      `the program takes ${taken}, and feedback holds one question: say by \`row\` how a record becomes a row`,
    );
  }
  const { type } = signature.outputs.find(({ name }) => name === fields.answer)!;
  return ({ question, answer }) => {
    if ([question, answer].some((text) => text.trim() === "" || text.length > longest)) return undefined;
    try {
      return { [fields.question]: question, [fields.answer]: coerceText(type, answer) };
    } catch {
      return undefined;
    }
  };
}

function groupBy(votes: readonly Vote[], key: (vote: Vote) => string): Vote[][] {
  const groups = new Map<string, Vote[]>();
  for (const vote of votes) {
    const group = groups.get(key(vote));
    if (group) group.push(vote);
    else groups.set(key(vote), [vote]);
  }
  return [...groups.values()];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
