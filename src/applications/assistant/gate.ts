import type { CheckedPlace, Finding, SecurityCheck } from "./checks/check.ts";
import { InjectionCheck } from "./checks/injection.ts";
import { PersonalDataCheck } from "./checks/personal-data.ts";
import { SecretCheck } from "./checks/secrets.ts";

/** The checks of an assistant that is given none: of injection by rules, of secrets, of personal data. */
export function standardChecks(): SecurityCheck[] {
  return [new InjectionCheck(), new SecretCheck(), new PersonalDataCheck()];
}

/** What came of checking a text. */
export interface Checked {
  /** The text, with what has a place struck out; undefined where the whole is turned down. */
  text: string | undefined;
  /** What was found, each rule once. */
  found: readonly Finding[];
}

/** All checks of an assistant, as one. */
export class Gate {
  readonly checks: readonly SecurityCheck[];

  constructor(checks: readonly SecurityCheck[]) {
    this.checks = checks;
  }

  async check(text: string, place: CheckedPlace): Promise<Checked> {
    const found: Finding[] = [];
    for (const check of this.checks) found.push(...(await check.find(text, place)));
    const rules = new Map(found.map((finding) => [`${finding.kind} ${finding.rule}`, finding]));
    const whole = found.some(({ span }) => span === undefined);
    return { text: whole ? undefined : strike(text, found), found: [...rules.values()] };
  }
}

function strike(text: string, found: readonly Finding[]): string {
  const spans = found.flatMap(({ span, rule }) => (span ? [{ from: span[0], to: span[1], rule }] : []));
  spans.sort((a, b) => a.from - b.from || b.to - a.to);
  let struck = "";
  let at = 0;
  for (const { from, to, rule } of spans) {
    // What lies within another is gone with it; what begins in one and ends later goes on.
    if (from >= at) struck += `${text.slice(at, from)}[${rule}]`;
    at = Math.max(at, to);
  }
  return struck + text.slice(at);
}
