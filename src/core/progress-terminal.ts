import { ProgressBoard } from "./progress-board.ts";
import { progressLine } from "./progress-line.ts";
import type { ProgressState } from "./progress.ts";

/** Where progress is written: `process.stderr`, or what stands in for it. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Milliseconds between two drawings of the line. */
const redraw = 100;
/** Milliseconds between two lines, where a line cannot be rewritten. */
const relog = 10_000;
const barWidth = 20;

/**
 * Shows progress in a terminal: one line, rewritten in place, of the outermost work that runs; its last state
 * stays. Where `stream` is not a terminal (a log file, a pipe), a plain line every 10 seconds and at the end.
 *
 * Without `stream` it writes to stderr, and says nothing in tests and continuous integration (`VITEST`, `CI`).
 *
 * @returns what `showProgress` and `defaultProgress` take.
 */
export function terminalProgress(stream?: ProgressStream): (state: ProgressState) => void {
  if (stream === undefined && (process.env.CI || process.env.VITEST)) return () => undefined;
  return drawOn(stream ?? process.stderr);
}

function drawOn(stream: ProgressStream): (state: ProgressState) => void {
  const inPlace = stream.isTTY === true;
  let board = new ProgressBoard();
  let drawnAt = 0;
  return (state) => {
    if (board.idle) {
      board = new ProgressBoard();
      if (!inPlace) drawnAt = Date.now(); // a log hears of long work only
    }
    const stays = board.update(state);
    const shown = stays ? state : (board.states.find(({ ended }) => !ended) ?? state);
    if (!stays && Date.now() - drawnAt < (inPlace ? redraw : relog)) return;
    drawnAt = Date.now();
    const text = lineOf(shown, inPlace ? (stream.columns ?? 80) - 1 : Infinity, inPlace);
    // Carriage return, then "erase the line": the line is drawn over, and kept by a line feed at its end.
    stream.write(inPlace ? `\r\u001b[2K${text}${stays ? "\n" : ""}` : `${text}\n`);
  };
}

function lineOf(state: ProgressState, width: number, withBar: boolean): string {
  const line = progressLine(state);
  const words = [line.count, ...line.times, ...line.facts].join(" · ");
  const bar = withBar && !state.ended && state.total ? ` ${barOf(state.done / state.total)}` : "";
  return clip(`${line.label}${bar} ${words}`, width);
}

function barOf(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

/** A line that wraps cannot be drawn over, so one that is too long loses its end. */
function clip(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
