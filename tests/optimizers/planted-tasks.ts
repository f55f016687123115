import { harmfulSentence, rules, TicketTask } from "./planted-tickets.ts";

/** Tasks of which each needs something else, with what a program that knows it all scores on unseen rows. */
export const plantedTasks = {
  /** Two topics are named, and only the feedback tells that the last one counts. */
  rule: { task: new TicketTask({ shares: { last: 0.4, unclear: 0.1 } }), optimum: 0.9 },
  /** Any examples help, up to four. */
  examples: { task: new TicketTask({ shares: { jargon: 0.4, unclear: 0.1 } }), optimum: 0.9 },
  /** Five words that mean nothing until an example with the same word is shown. */
  "one example": {
    task: new TicketTask({ shares: { jargon: 0.4, unclear: 0.1 }, examples: "alike" }),
    optimum: 0.9,
  },
  /** The program begins with a sentence that harms. */
  harm: { task: new TicketTask({ shares: { last: 0.2 }, harmful: true }), optimum: 1 },
  /** Two predictors, each of which must know a rule of its own. */
  "two predictors": {
    task: new TicketTask({ shares: { last: 0.25, code: 0.25 }, steps: 2 }),
    optimum: 1,
  },
  /** A rule, under answers of which one in ten is wrong whatever is right. */
  noise: { task: new TicketTask({ shares: { last: 0.4 }, noise: 0.1 }), optimum: 0.9 },
  /** Two rules, examples and a sentence that harms: 0.42 as it begins. */
  all: {
    task: new TicketTask({
      shares: { last: 0.17, code: 0.17, jargon: 0.14, unclear: 0.04 },
      harmful: true,
    }),
    optimum: 0.96,
  },
} as const;

export type PlantedTaskName = keyof typeof plantedTasks;

/** A library for them: what helps, what harms, what does neither, and a bullet that nobody approved. */
export const ticketLibrary = [
  { id: "idle", text: "Read the whole message.", approved: true },
  { id: "harmful", text: harmfulSentence, approved: true },
  { id: "last", text: rules.last, approved: true },
  { id: "polite", text: "Mind that people are upset.", approved: true },
  { id: "code", text: rules.code, approved: true },
  { id: "unapproved", text: "Ask the person back.", approved: false },
];
