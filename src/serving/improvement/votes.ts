import { setImmediate } from "node:timers/promises";
import type { Feedback, FeedbackLog } from "../feedback-log.ts";

/** What one person thinks of the answer to one question, the newest word of theirs. */
export interface Vote {
  readonly feedback: Feedback;
  /** Empty where nobody said who they are. */
  readonly person: string;
  /** The question as it is compared: words in lower case. */
  readonly question: string;
  /** Which record of the log it is, from 0. */
  readonly place: number;
}

/** Votes that are remembered; older ones no longer count. */
const most = 20_000;
/** Records after which others get their turn. */
const turn = 1000;

/**
 * The votes of a log, oldest first: a person who rates the same question of the same version again changes their mind,
 * and has one vote.
 *
 * @param upTo - records that are read. Default: all.
 */
export async function readVotes(
  log: FeedbackLog,
  upTo = Infinity,
): Promise<{ votes: Vote[]; records: number }> {
  const votes = new Map<string, Vote>();
  let records = 0;
  for (const feedback of log.read()) {
    if (records >= upTo) break;
    const place = records++;
    if (records % turn === 0) await setImmediate();
    const vote = {
      feedback,
      person: feedback.principal?.id ?? "",
      question: wordsOf(feedback.question),
      place,
    };
    const key = JSON.stringify([vote.person, vote.question, feedback.version ?? 0]);
    votes.delete(key);
    votes.set(key, vote);
    if (votes.size > most) votes.delete(votes.keys().next().value!);
  }
  return { votes: [...votes.values()], records };
}

/**
 * The first `wanted` of the votes, of each person no more than twice what each would have if all gave alike: one person
 * alone can neither teach nor depose a program that others use too. Callers whom nobody knows are one person.
 */
export function fairShare(votes: readonly Vote[], wanted: number): Vote[] {
  const most = Math.ceil((2 * wanted) / new Set(votes.map(({ person }) => person)).size);
  const given = new Map<string, number>();
  const fair: Vote[] = [];
  for (const vote of votes) {
    if (fair.length >= wanted) break;
    const count = given.get(vote.person) ?? 0;
    if (count >= most) continue;
    given.set(vote.person, count + 1);
    fair.push(vote);
  }
  return fair;
}

/** A text without what does not tell questions or answers apart: case, punctuation, white space. */
export function wordsOf(text: string): string {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).join(" ");
}
