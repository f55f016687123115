import type { Field } from "./field.ts";

/** What DSPy tells the model where no instructions were given. */
export function defaultInstructions(fields: readonly Field[]): string {
  const names = (role: Field["role"]): string =>
    fields
      .filter((field) => field.role === role)
      .map(({ name }) => `\`${name}\``)
      .join(", ");
  return `Given the fields ${names("input")}, produce the fields ${names("output")}.`;
}

/**
 * The text without the indentation its lines share, and without blank lines around it: instructions are often
 * written over several indented lines of code. The first line may begin right after the quote.
 */
export function dedent(text: string): string {
  const [first = "", ...rest] = text.replaceAll("\r\n", "\n").split("\n");
  const indents = rest
    .filter((line) => line.trim() !== "")
    .map((line) => line.length - line.trimStart().length);
  const margin = Math.min(...indents, Infinity);
  const lines = [first.trimStart(), ...rest.map((line) => line.slice(Math.min(margin, line.length)))];
  return lines.join("\n").replace(/^(?:[ \t]*\n)+|(?:\n[ \t]*)+$/g, "");
}
