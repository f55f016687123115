import { TicketTask } from "./planted-tickets.ts";

const tickets = new TicketTask({ shares: { last: 0.2, code: 0.15, jargon: 0.2 }, harmful: true, steps: 2 });

/** The task that searches are killed at: two steps, each with a rule to find, and examples that help. */
export const killedTask = {
  tickets,
  metric: tickets.metric,
  program: () => tickets.program(),
  splits: { train: tickets.rows(30, 1), val: tickets.rows(30, 2) },
  /** Rows that only measure. */
  unseen: tickets.rows(20, 3),
  concurrency: 6,
};
