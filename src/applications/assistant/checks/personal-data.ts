import type { Finding, SecurityCheck } from "./check.ts";

interface Shape {
  rule: string;
  pattern: RegExp;
  /** Tells real ones from numbers of the same shape. */
  holds?: (found: string) => boolean;
}

const digitsOf = (text: string) => text.replace(/\D/g, "");

const shapes: readonly Shape[] = [
  { rule: "e-mail address", pattern: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/gu },
  {
    rule: "bank account",
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    holds: isIban,
  },
  { rule: "payment card", pattern: /(?<!\d[ -]?)\b(?:\d[ -]?){12,18}\d\b/g, holds: isCard },
  { rule: "social security number", pattern: /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/g },
  {
    rule: "telephone number",
    pattern: /(?<![\w+]|\d[ ./-])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,4}\)?){2,6}(?!\w)/g,
    holds: (found) => digitsOf(found).length >= 8 && digitsOf(found).length <= 17,
  },
];

/** Finds e-mail addresses, telephone numbers, bank accounts, payment cards and social security numbers, with their places. */
export class PersonalDataCheck implements SecurityCheck {
  readonly name = "personal data";

  /** {@inheritDoc SecurityCheck.find} */
  find(text: string): readonly Finding[] {
    return shapes.flatMap(({ rule, pattern, holds }) =>
      [...text.matchAll(pattern)]
        .filter(([found]) => holds?.(found) ?? true)
        .map(({ 0: found, index }) => ({
          kind: "personal data" as const,
          rule,
          span: [index, index + found.length] as const,
        })),
    );
  }
}

/** ISO 13616: letters count from 10, the first four characters go last, and the remainder by 97 is 1. */
function isIban(found: string): boolean {
  const account = found.replaceAll(" ", "");
  if (account.length < 15 || account.length > 34) return false;
  const digits = [...account.slice(4), ...account.slice(0, 4)].map((letter) => parseInt(letter, 36)).join("");
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

/** Luhn's check digit (ISO/IEC 7812-1). */
function isCard(found: string): boolean {
  const digits = [...digitsOf(found)].reverse().map(Number);
  const sum = digits.reduce((total, digit, place) => {
    const value = place % 2 === 0 ? digit : digit * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0 && new Set(digits).size > 1;
}
