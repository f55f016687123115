import { display, type Displayable, escapeHtml, type MimeBundle } from "../core/index.ts";
import { type Figure, figureBundle } from "../core/figure.ts";
import type { Evaluation } from "../evaluate/index.ts";
import { clip } from "./words.ts";

/** One chart with all that a reader may need of it. Shown in a cell as the interactive chart. */
export class Chart implements Displayable {
  /** What the chart shows, as a heading. */
  readonly title: string;
  /** Data and layout as plotly.js takes them. */
  readonly figure: Figure;
  /** The same in words: read aloud, printed, and there where scripts are off. */
  readonly alternative: string;

  constructor(title: string, figure: Figure, alternative: string) {
    this.title = title;
    this.figure = figure;
    this.alternative = alternative;
  }

  [display](): MimeBundle {
    return figureBundle(this.figure, { title: `${this.title}. ${this.alternative}` });
  }
}

/**
 * Colours that people with any colour vision tell apart (Okabe and Ito 2008), with a contrast of 3 to 1 or more on
 * white and on near-black.
 */
export const colours = { before: "#8a8a8a", after: "#0072B2", candidate: "#D55E00" } as const;

/** Of up to six series, in their order; see {@link colours}. */
export const seriesColours = ["#0072B2", "#D55E00", "#00875F", "#B5599A", "#8a8a8a", "#94751B"] as const;

/** One of the evaluations that a chart draws side by side. */
export interface Version {
  name: string;
  color: string;
  evaluation: Evaluation;
}

/** The evaluation before, where there was another, and the one after. */
export function versions(after: Evaluation, before: Evaluation | undefined): Version[] {
  const is = { name: "after", color: colours.after, evaluation: after };
  if (before === undefined || before === after) return [is];
  return [{ name: "before", color: colours.before, evaluation: before }, is];
}

/** Text from data as a label of a chart: plotly reads some HTML tags, and data must not speak in them. */
export function label(text: string): string {
  return escapeHtml(clip(text, 24));
}

/** Of every axis; the ticks cannot be seen, and hold the labels off. */
const axis = {
  zeroline: false,
  fixedrange: true,
  automargin: true,
  ticks: "outside",
  ticklen: 6,
  tickcolor: "rgba(0,0,0,0)",
};
const axisTitle = (text: string) => ({ text, standoff: 8, font: { size: 12 } });

/** An axis of quantities. */
export function quantity(title: string, members: object = {}): object {
  return {
    title: axisTitle(title),
    gridcolor: "rgba(128,128,128,0.18)",
    ...axis,
    ...members,
  };
}

/** An axis of labels at 0, 1, 2 …: labels that look alike when cut, or like numbers, stay apart. */
export function categories(labels: readonly string[], title = ""): object {
  return {
    title: axisTitle(title),
    tickmode: "array",
    tickvals: labels.map((_, index) => index),
    ticktext: labels.map(label),
    range: [-0.5, labels.length - 0.5],
    showgrid: false,
    ...axis,
  };
}

/** {@link categories} from top to bottom. */
export function categoriesDown(labels: readonly string[], title = ""): object {
  return { ...categories(labels, title), range: [labels.length - 0.5, -0.5] };
}

/** What all charts share: no frame, no margin to waste, the page's own colours. `height` in pixels. */
export function layout(height: number, legend: boolean, axes: { xaxis: object; yaxis: object }): object {
  return {
    height: height + (legend ? 24 : 0),
    margin: { l: 48, r: 16, t: legend ? 32 : 8, b: 48 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: "#777777" },
    showlegend: legend,
    legend: {
      orientation: "h",
      x: 0,
      y: 1,
      yanchor: "bottom",
      itemclick: false,
      itemdoubleclick: false,
    },
    hoverlabel: { align: "left" },
    dragmode: false,
    ...axes,
  };
}
