import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type Displayable, display, escapeHtml, type MimeBundle, scriptJson } from "../core/index.ts";
import { type Comparison, Evaluation } from "../evaluate/index.ts";
import { behaviour } from "./behaviour.ts";
import type { Chart } from "./chart.ts";
import { confusionChart } from "./figures/confusion.ts";
import { latencyChart, scoreChart } from "./figures/histogram.ts";
import { perClassChart } from "./figures/per-class.ts";
import { searchChart } from "./figures/search.ts";
import { html, Html } from "./html.ts";
import { classTable } from "./sections/classes.ts";
import { configuration } from "./sections/configuration.ts";
import { prompts } from "./sections/prompts.ts";
import { failedRows, flippedRows } from "./sections/rows.ts";
import { searchTable } from "./sections/search.ts";
import { summary } from "./sections/summary.ts";
import { style } from "./style.ts";
import type { ReportSubject } from "./subject.ts";

/**
 * A report of an evaluation, or of one before and after a change: a page that stands alone. It opens offline,
 * asks nothing of any server, and runs nothing that came from data or a model.
 */
export function report(subject: Evaluation | ReportSubject): Report {
  return new Report(subject instanceof Evaluation ? { after: subject } : subject);
}

/** A page that is still to be written; see {@link report}. */
export class Report implements Displayable {
  readonly subject: ReportSubject;

  constructor(subject: ReportSubject) {
    this.subject = subject;
  }

  get title(): string {
    return this.subject.title ?? this.subject.after.subject.name;
  }

  /** The whole page: about 1.2 MB, nearly all of it plotly.js. */
  async html(): Promise<string> {
    const { subject, title } = this;
    const { after, before, search } = subject;
    const compared = before !== undefined && before !== after;
    const comparison = compared ? after.compare(before) : undefined;
    const charts: Chart[] = [];
    const figures = (...wanted: (Chart | undefined)[]) =>
      html`<div class="charts">${wanted.flatMap((chart) => {
        if (!chart) return [];
        charts.push(chart);
        return [figure(chart, charts.length - 1)];
      })}</div>`;
    const body = html`<a class="skip" href="#summary">Skip to the summary</a>
<header><h1>${title}</h1><p>${after.subject.metric} on ${after.rows.length} rows of ${after.subject.dataset.name}</p></header>
<nav aria-label="Sections">${links(subject, comparison)}</nav>
<main>
${summary(subject, comparison)}
${
  after.confusion &&
  html`<section id="classes" aria-labelledby="classes-title"><h2 id="classes-title">Classes</h2>
  ${figures(compared ? named(confusionChart(before), "before") : undefined, named(confusionChart(after), compared ? "after" : ""), perClassChart(after, before))}
  ${classTable(after)}</section>`
}
<section id="spread" aria-labelledby="spread-title"><h2 id="spread-title">Scores and latency</h2>
${figures(scoreChart(after, before), latencyChart(after, before))}</section>
${comparison && flippedRows(comparison)}
${failedRows(after)}
${prompts(after.subject.program, compared ? before.subject.program : undefined)}
${
  search &&
  html`<section id="search" aria-labelledby="search-title"><h2 id="search-title">Search</h2>
  ${figures(searchChart(search))} ${searchTable(search)}</section>`
}
${configuration(subject)}
</main>
<footer>Written by lmframe. Intervals are 95 %: Wilson's for right or wrong, the bootstrap else. Outages have no score; replies that could not be read count as wrong.</footer>`;
    const drawn = charts.map(({ figure: { data, layout } }) => ({ data, layout }));
    return [
      `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">`,
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">`,
      `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title>`,
      `<style>${style}</style></head>\n<body>\n${body.text}\n`,
      `<script type="application/json" id="charts">${scriptJson(drawn)}</script>`,
      `<script>${await plotly()}</script>\n<script>${behaviour}</script>\n</body></html>\n`,
    ].join("");
  }

  /** Writes the page, aside first and then in its place; makes its folder. Gives back the path. */
  async save(path: string): Promise<string> {
    const page = await this.html();
    await mkdir(dirname(path), { recursive: true });
    const aside = `${path}.${process.pid}.part`;
    await writeFile(aside, page);
    await rename(aside, path);
    return path;
  }

  [display](): MimeBundle {
    const { after, before } = this.subject;
    const page = html`<div style="font:13px/1.4 system-ui,sans-serif"><b>${this.title}</b>: report of ${after.rows.length} rows. Write it by <code>await report.save("report.html")</code>.</div>${summary(this.subject, before && before !== after ? after.compare(before) : undefined)}`;
    return { "text/html": page.text, "text/plain": `report: ${this.title}, ${after.rows.length} rows` };
  }
}

function figure({ title, alternative }: Chart, index: number): Html {
  return html`<figure><figcaption>${title}</figcaption><div class="chart" id="chart-${index}" role="img" aria-label="${title}. ${alternative}"></div><p>${alternative}</p></figure>`;
}

function named(chart: Chart | undefined, when: string): Chart | undefined {
  return chart && when !== "" ? Object.assign(Object.create(chart) as Chart, { title: `${chart.title}, ${when}` }) : chart;
}

function links({ after, search }: ReportSubject, comparison: Comparison | undefined): Html[] {
  const sections: [string, string, boolean][] = [
    ["summary", "Summary", true],
    ["classes", "Classes", after.confusion !== undefined],
    ["spread", "Scores and latency", true],
    ["flips", "Rows that changed", comparison !== undefined],
    ["rows", "Rows that failed", true],
    ["prompts", "Prompts", true],
    ["search", "Search", search !== undefined],
    ["configuration", "Configuration", true],
  ];
  return sections.filter(([, , there]) => there).map(([id, name]) => html`<a href="#${id}">${name}</a>`);
}

async function plotly(): Promise<string> {
  const path = createRequire(import.meta.url).resolve("plotly.js-basic-dist-min/plotly-basic.min.js");
  return (await readFile(path, "utf8")).replace(/<\/(?=script)/gi, "<\\/");
}
