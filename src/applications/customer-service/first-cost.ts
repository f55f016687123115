import { ContextVariable, listen, type Span } from "../../core/index.ts";
import type { LMRequest } from "../../lm/index.ts";

const tallies = new ContextVariable<FirstCosts>();

/** What each request cost when it was first answered, and how often it was answered. */
class FirstCosts {
  readonly #asked = new Map<string, { answers: number; cost: number | null | undefined }>();

  add({ name, inputs, attributes }: Span): void {
    const { usage, cost, cached } = attributes as { usage?: unknown; cost?: number | null; cached?: boolean };
    if (usage === undefined) return;
    const key = JSON.stringify([name, inputs as LMRequest]);
    const request = this.#asked.get(key) ?? { answers: 0, cost: undefined };
    request.answers++;
    // One that joined an equal call under way may end before it.
    if (cached !== true) request.cost = cost ?? null;
    this.#asked.set(key, request);
  }

  total(): number | null {
    let total = 0;
    for (const { answers, cost } of this.#asked.values()) {
      if (cost === null || cost === undefined) return null;
      total += answers * cost;
    }
    return total;
  }
}

/**
 * Runs `body` and tells what its answers of models cost, in US dollars, an answer from the cache as much as when it was
 * first made. The cost is null where a price is not known, or an answer was made before `body` ran: the cache does not
 * tell what that cost.
 */
export async function firstCost<T>(body: () => Promise<T>): Promise<{ value: T; cost: number | null }> {
  const costs = new FirstCosts();
  const stop = listen({ end: (span) => tallies.get() === costs && costs.add(span) }, ["model"]);
  try {
    const value = await tallies.run(costs, body);
    return { value, cost: costs.total() };
  } finally {
    stop();
  }
}
