import type { Random } from "../core/index.ts";
import type { Candidate } from "./candidate.ts";
import type { Rollouts } from "./study.ts";

/**
 * Candidates that are best on at least one validation row. A candidate that is good where the others fail stays,
 * whatever its mean (Agrawal et al. 2025, Algorithm 2).
 */
export class ParetoFront {
  readonly #members: Rollouts[] = [];

  /** Adds a candidate by its rollouts on all validation rows. */
  add(rollouts: Rollouts): void {
    this.#members.push(rollouts);
  }

  /** All that were added, in order, those that are no longer on the front included. */
  get members(): readonly Rollouts[] {
    return this.#members;
  }

  /** The rollouts of a candidate that was added. */
  of(id: string): Rollouts | undefined {
    return this.#members.find(({ candidate }) => candidate.id === id);
  }

  /**
   * On how many validation rows each candidate is best. A candidate that shares all its rows with others is left
   * out, the lowest score first.
   */
  frequencies(): Map<Candidate, number> {
    const rows = this.#bestByRow();
    const on = (member: Rollouts) => rows.filter((best) => best.has(member));
    for (const member of [...this.#members].sort((a, b) => a.score - b.score)) {
      const mine = on(member);
      if (mine.every((best) => best.size > 1)) for (const best of mine) best.delete(member);
    }
    const counts = this.#members.map((member) => [member.candidate, on(member).length] as const);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  /** A candidate of the front, in proportion to the rows it is best on. */
  draw(random: Random): Candidate {
    const counts = [...this.frequencies()];
    let place = random.next() * counts.reduce((sum, [, count]) => sum + count, 0);
    const drawn = counts.find(([, count]) => (place -= count) < 0) ?? counts.at(-1);
    return drawn?.[0] ?? this.#members[0]!.candidate;
  }

  #bestByRow(): Set<Rollouts>[] {
    const rows = this.#members[0]?.results.length ?? 0;
    return Array.from({ length: rows }, (_, row) => {
      const scored = this.#members.filter(({ results }) => !Number.isNaN(results[row]!.score));
      const best = Math.max(...scored.map(({ results }) => results[row]!.score));
      return new Set(scored.filter(({ results }) => results[row]!.score === best));
    });
  }
}
