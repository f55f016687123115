import { inspect } from "node:util";
import type { CellSources } from "./cell-sources.ts";
import type { Diagnostic } from "./tslab.ts";

/** Why a cell failed, as Jupyter's `error` message has it. */
export interface Failure {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A cell that did not pass the type checker: each objection with the line it is about. */
export function typeFailure(diagnostics: readonly Diagnostic[], source: string): Failure {
  const lines = source.split("\n");
  const traceback = diagnostics.flatMap(({ fileName, start, end, messageText }) => {
    const place = `${fileName ?? "line"} ${start.line + 1}:${start.character + 1}`;
    const line = fileName === undefined ? lines[start.line] : undefined;
    if (line === undefined) return [`${place} - ${messageText}`];
    const width = end.line === start.line ? Math.max(1, end.character - start.character) : 1;
    // A caret line of the same tabs and spaces stands under the right character.
    const margin = line.slice(0, start.character).replace(/\S/g, " ");
    return [`${place} - ${messageText}`, `    ${line}`, `    ${margin}${"~".repeat(width)}`];
  });
  return { ename: "TypeError in TypeScript", evalue: traceback[0] ?? "", traceback };
}

/** A value that was thrown, or with which a promise was rejected. */
export function thrownFailure(thrown: unknown, sources: CellSources): Failure {
  if (!(thrown instanceof Error)) {
    const text = inspect(thrown);
    return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text}`] };
  }
  return { ename: thrown.name, evalue: thrown.message, traceback: trace(thrown, sources, 0) };
}

const deepestCause = 5;

function trace(error: Error, sources: CellSources, depth: number): string[] {
  const lines = [`${error.name}: ${error.message}`, ...frames(error, sources)];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  for (const cause of [error.cause, ...inner]) {
    if (cause === undefined || depth === deepestCause) continue;
    const text = cause instanceof Error ? trace(cause, sources, depth + 1) : [inspect(cause)];
    lines.push(...text.map((line, index) => (index === 0 ? `caused by ${line}` : line)));
  }
  return lines;
}

/** The frames a reader of the notebook can act on: neither Node's own nor the kernel's. */
function frames(error: Error, sources: CellSources): string[] {
  const shown: string[] = [];
  for (const line of (error.stack ?? "").split("\n")) {
    if (!/^\s+at /.test(line)) continue;
    if (/[\\/]tslab[\\/]dist[\\/]/.test(line)) break;
    if (!/[( ]node:/.test(line)) shown.push(sources.name(line));
  }
  return shown;
}
