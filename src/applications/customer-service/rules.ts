import { ConfigurationError } from "../../core/index.ts";
import type { Priority, ServiceReading } from "./labels.ts";

/** What is done with a message. */
export interface ServiceDecision {
  priority: Priority;
  /** The team it goes to. */
  route: string;
  /** True: a person takes over at once. */
  escalate: boolean;
}

/** What a house does with messages of one kind. */
export interface ServiceRule extends Partial<ServiceDecision> {
  /** Members that a message must be read as; all messages where it is empty. */
  readonly when: Partial<ServiceReading>;
}

/** A start for rules of one's own, which know the house's teams. */
export const airlineRules: readonly ServiceRule[] = [
  { when: { urgency: "high" }, priority: "urgent", escalate: true },
  { when: { urgency: "medium", sentiment: "negative" }, priority: "high" },
  { when: { urgency: "medium" }, priority: "normal" },
  { when: { category: "baggage" }, route: "baggage desk" },
  { when: { category: "delay" }, route: "operations desk" },
  { when: { category: "cancellation" }, route: "operations desk" },
  { when: { category: "booking" }, route: "reservations" },
  { when: { category: "seating" }, route: "reservations" },
  { when: { category: "refund" }, route: "refunds" },
  { when: { category: "app" }, route: "digital support" },
  { when: { category: "loyalty" }, route: "loyalty desk" },
  { when: {}, priority: "low", route: "customer relations", escalate: false },
];

/**
 * What rules say of a message: for each of priority, route and escalation the first rule that fits it and says
 * something. Rules decide and no model, for what a house does must be exact, and the same tomorrow.
 *
 * @throws ConfigurationError where no rule says one of them.
 */
export function decide(rules: readonly ServiceRule[], reading: ServiceReading): ServiceDecision {
  const fitting = rules.filter(({ when }) =>
    Object.entries(when).every(([name, value]) => reading[name as keyof ServiceReading] === value),
  );
  const first = <K extends keyof ServiceDecision>(name: K): ServiceDecision[K] => {
    const said = fitting.find((rule) => rule[name] !== undefined)?.[name];
    if (said !== undefined) return said as ServiceDecision[K];
    throw new ConfigurationError(
      `no rule says the ${name} of ${JSON.stringify(reading)}; end the rules with one whose \`when\` is empty`,
    );
  };
  return { priority: first("priority"), route: first("route"), escalate: first("escalate") };
}
