import type { Bullet } from "../../optimizers/index.ts";

/**
 * Bullets for a judge of relevance, approved by the makers of this package: a start for a library of one's own, which
 * knows the domain. Each is a rule on which people who score documents often agree.
 */
export const relevanceBullets: readonly Bullet[] = [
  {
    id: "named thing",
    text: "Where the query names one particular thing, a document about another thing of its kind scores 3 at most.",
  },
  {
    id: "whole question",
    text: "Give the highest score only where somebody who asks would need no other document for this part of the query.",
  },
  {
    id: "same matter",
    text: "A document about the same thing with another problem scores no more than one about the same problem elsewhere.",
  },
  {
    id: "shared words",
    text: "Words in common prove nothing: ask what the document would tell somebody who asks the query.",
  },
  {
    id: "other words",
    text: "Abbreviations, jargon and misspellings count as the words they stand for.",
  },
  {
    id: "time",
    text: "Where the query asks for the last or the first time, or for a period, a document of another time scores one less.",
  },
  {
    id: "no is an answer",
    text: "A document that answers the query with no is as relevant as one that answers it with yes.",
  },
  {
    id: "missing part",
    text: "Where the document leaves out what the query asks for, such as the cause, the remedy or the number, it scores one less.",
  },
  {
    id: "one of many",
    text: "Where the query asks for a count or a list, a document that holds one of the items answers its part of it.",
  },
  {
    id: "no credit for length",
    text: "Neither length nor detail raises the score; only what helps with the query does.",
  },
  {
    id: "stranger",
    text: "A document that shares only the place, the date or the person with the query has nothing to do with it.",
  },
  {
    id: "undecided",
    text: "Between two levels, take the lower one.",
  },
].map((bullet) => ({ ...bullet, approved: true }));
