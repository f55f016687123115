import { escapeHtml, type MimeBundle } from "../core/display.ts";
import { ProgressBoard } from "../core/progress-board.ts";
import { progressLine } from "../core/progress-line.ts";
import { type ProgressState, showProgress } from "../core/progress.ts";

/** A place in a cell's output; each bundle takes the place of the one before. */
export type LiveDisplay = (bundle: MimeBundle) => void;

/** Milliseconds between two drawings. */
const redraw = 250;

/**
 * Shows all progress in the cell that runs, in place, at most four times a second, and leaves one line of each
 * piece of work.
 *
 * @param newDisplay opens a place in the output of the cell that runs.
 * @returns a function that stops it.
 */
export function cellProgress(newDisplay: () => LiveDisplay): () => void {
  let board = new ProgressBoard();
  let show: LiveDisplay | undefined;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    show?.(bundle(board.states));
  };
  return showProgress((state) => {
    if (show === undefined || (board.idle && !board.states.some(({ id }) => id === state.id))) {
      if (timer) draw();
      board = new ProgressBoard();
      show = newDisplay();
      board.update(state);
      draw();
    } else if (board.update(state)) draw();
    else timer ??= setTimeout(draw, redraw).unref();
  });
}

function bundle(states: readonly ProgressState[]): MimeBundle {
  return {
    "text/html": `<div>${states.map(html).join("")}</div>`,
    "text/plain": states.map(text).join("\n"),
  };
}

function text(state: ProgressState): string {
  const { label, count, facts, times } = progressLine(state);
  return `${label} ${[count, ...facts, ...times].join(" · ")}`;
}

function html(state: ProgressState): string {
  const { label, count, facts, times } = progressLine(state);
  const bar = state.ended
    ? ""
    : `<progress style="width:12em;margin:0 .6em" ${
        state.total === undefined ? "" : `max="${state.total}" value="${Math.min(state.done, state.total)}"`
      }></progress>`;
  const words = [count, ...facts, ...times].map((word) => `<span>${escapeHtml(word)}</span>`).join(" · ");
  return `<div style="font-variant-numeric:tabular-nums"><b>${escapeHtml(label)}</b>${bar} ${words}</div>`;
}
