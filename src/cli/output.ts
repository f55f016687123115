import { redact } from "../core/index.ts";

/** Writes what a command found to standard output; progress and notes go to standard error. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON object to standard output; what is no number is null. */
export function sayJson(value: unknown): void {
  say(JSON.stringify(value, (_, member: unknown) => (Number.isNaN(member) ? null : member)));
}

/** Writes a note to standard error, without what is secret. */
export function note(text: string): void {
  process.stderr.write(`lmframe: ${redact(text)}\n`);
}

/** Text of documents and tables is not ours: what moves the cursor or colours the terminal is left out. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}

/** Rows as lines of aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
