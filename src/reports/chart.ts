import { display, type Displayable, escapeHtml, type MimeBundle } from "../core/index.ts";
import { type Figure, figureBundle } from "../core/figure.ts";

/** One chart with all that a reader may need of it. Shown in a cell as the interactive chart. */
export class Chart implements Displayable {
  /** What the chart shows, as a heading. */
  readonly title: string;
  /** Data and layout as plotly.js takes them. */
  readonly figure: Figure;
  /** The same in words, read aloud and printed where no chart is drawn. */
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

/** Text from data as a label of a chart: plotly reads some HTML tags, and data must not speak in them. */
export function label(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return escapeHtml(short);
}

/** Colours that people with any colour vision tell apart (Okabe and Ito 2008), on light and on dark. */
export const colours = { before: "#999999", after: "#0072B2", good: "#009E73", bad: "#D55E00" } as const;

/** What all charts share: no frame, no margin to waste, the page's own colours. */
export function layout(members: Record<string, unknown>): Record<string, unknown> {
  return {
    margin: { l: 56, r: 16, t: 8, b: 48 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: "#777777" },
    height: 320,
    showlegend: false,
    hoverlabel: { align: "left" },
    ...members,
  };
}
