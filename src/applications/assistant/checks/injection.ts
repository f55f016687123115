import type { CheckedPlace, Finding, SecurityCheck } from "./check.ts";
import { injectionRules } from "./injection-rules.ts";
import { readingsOf } from "./readings.ts";

/**
 * Finds attempts to make an assistant follow the text in place of its instructions: plain, encoded or disguised, in
 * ten languages. Rules by hand, so an attacker who knows them gets past: they lower the number of attempts, and what a
 * principal may see rests on access groups alone. Rates are in the dataset's `injection_attempts` report.
 */
export class InjectionCheck implements SecurityCheck {
  readonly name = "injection";

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
