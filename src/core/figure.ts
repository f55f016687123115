import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { escapeHtml, type MimeBundle, scriptJson } from "./display.ts";
import { type CurrentCell, currentCell } from "./current-cell.ts";

/** A chart as plotly.js takes it. Titles and labels are read by plotly as its own small markup, not as HTML. */
export interface Figure {
  readonly data: readonly object[];
  readonly layout?: object | undefined;
}

/** Options of {@link figureBundle}. */
export interface FigureOptions {
  /** The same chart drawn once and for all: shown where scripts do not run, as in a notebook not yet trusted. */
  svg?: string | undefined;
  /** What the chart shows, in a sentence: read aloud, and all there is in a text terminal. Default "chart". */
  title?: string | undefined;
}

/** No button that sends data away, nothing fetched. */
const settings = { showSendToCloud: false, plotlyServerURL: "", displaylogo: false, responsive: true };

let holder: CurrentCell | undefined;
let held = false;

/**
 * Shows a chart in a notebook. plotly.js (1.2 MB) goes into the output of the first cell that shows one, and
 * again when that cell is run again; all other charts wait for it.
 */
export function figureBundle(figure: Figure, options: FigureOptions = {}): MimeBundle {
  const { svg, title = "chart" } = options;
  const script = holdsPlotly() ? `<script>${plotlySource()}</script>` : "";
  const bundle: MimeBundle = { "text/html": script + chart(figure, svg, title), "text/plain": `[${title}]` };
  if (svg !== undefined) bundle["image/svg+xml"] = svg;
  return bundle;
}

/** True where the cell that runs is to carry plotly.js: the first that asks, or that one once more. */
function holdsPlotly(): boolean {
  const current = currentCell();
  const again = current !== undefined && current.cell === holder?.cell && current.run !== holder.run;
  if (held && !again) return false;
  held = true;
  holder = current;
  return true;
}

/** plotly.js (its basic bundle, 1.2 MB) as it can stand inside a `<script>` element. */
export function plotlySource(): string {
  const source = readFileSync(
    createRequire(import.meta.url).resolve("plotly.js-basic-dist-min/plotly-basic.min.js"),
    "utf8",
  );
  // Inside a script element only this ends it; in JavaScript `<\/` in a string or pattern means the same.
  return source.replace(/<\/(?=script)/gi, "<\\/");
}

function chart(figure: Figure, svg: string | undefined, title: string): string {
  const name = escapeHtml(title);
  // As an image an SVG can neither run scripts nor fetch.
  const still =
    svg === undefined
      ? ""
      : `<img alt="${name}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
  const drawing = scriptJson([figure.data, figure.layout ?? {}, settings]);
  // The script finds its chart by where it stands: an id would differ with each run of the notebook.
  return (
    `<div role="img" aria-label="${name}">${still}</div>` +
    `<script>(function (place) {
  (function draw(tries) {
    if (window.Plotly) {
      place.textContent = "";
      window.Plotly.newPlot.apply(null, [place].concat(${drawing}));
    } else if (tries > 0) setTimeout(draw, 100, tries - 1);
  })(100);
})(document.currentScript.previousElementSibling);</script>`
  );
}
