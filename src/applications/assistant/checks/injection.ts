import type { CheckedPlace, Finding, SecurityCheck } from "./check.ts";
import { injectionRules } from "./injection-rules.ts";
import { readingsOf } from "./readings.ts";

/**
 * Finds attempts to make an assistant follow the text in place of its instructions: plain, encoded or disguised, in
 * eleven languages. Rules by hand know what they were written on and little else: `LearntInjectionCheck` beside it
 * finds far more of what is new, and what a principal may see rests on access groups alone. `measureChecks` says how
 * much either finds.
 */
export class InjectionCheck implements SecurityCheck {
  readonly name = "injection";

  /** {@inheritDoc SecurityCheck.find} */
  find(text: string, place: CheckedPlace): readonly Finding[] {
    // What an assistant says is looked at for what it gives away; it gives no orders to itself.
    if (place === "answer") return [];
    const readings = readingsOf(text);
    return injectionRules
      .filter(
        ({ only, patterns }) =>
          (only === undefined || only === place) &&
          readings.some((reading) => patterns.some((pattern) => pattern.test(reading))),
      )
      .map(({ rule }) => ({ kind: "injection" as const, rule }));
  }
}
