import { InvalidArgumentError } from "commander";

/** Writes what a command found to standard output; progress and notes go to standard error. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON object to standard output. */
export function sayJson(value: unknown): void {
  say(JSON.stringify(value, (_, member: unknown) => (Number.isNaN(member) ? null : member)));
}

/** Reads a whole number of at least `least`, for an option. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}, found "${text}".`);
    }
    return number;
  };
}
