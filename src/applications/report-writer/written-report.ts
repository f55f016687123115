import { display, type Displayable, type MimeBundle } from "../../core/index.ts";
import { type Chart, count, html, page, savePage } from "../../reports/index.ts";
import { drawChart } from "./draw-chart.ts";
import type { ChartSpecification, ReportPlan } from "./plan.ts";
import type { ReportResult } from "./result.ts";
import { numbersOf, type ReportSentence, sentenceText } from "./read-sentence.ts";
import { answerHtml, writtenSections } from "./written-sections.ts";

/** A sentence of a model that may not stand in the report. */
export interface DroppedSentence {
  /** As it was written, at most 300 characters of it. */
  text: string;
  /** What was found in it, and what was expected. */
  reason: string;
}

/** What a {@link WrittenReport} is made of. */
export interface WrittenReportParts {
  query: string;
  /** What the table is called, and how many rows it has. */
  table: { name: string; rows: number };
  plan: ReportPlan;
  /** Who chose the analyses: a model, or the rule of `plainPlan`; with the reason why not the model. */
  planned: { by: "model" | "rule"; reason: string | undefined };
  results: readonly ReportResult[];
  sentences: readonly ReportSentence[];
  dropped: readonly DroppedSentence[];
}

/**
 * An answer whose numbers are all computed: sentences that refer to cells of results, the results as tables and charts,
 * and the plan they come from. Shown in a cell as its sentences and charts.
 */
export class WrittenReport implements Displayable {
  readonly parts: WrittenReportParts;

  constructor(parts: WrittenReportParts) {
    this.parts = parts;
  }

  get query(): string {
    return this.parts.query;
  }

  get plan(): ReportPlan {
    return this.parts.plan;
  }

  /** The computed tables: `all`, `a1`, `a2` …. */
  get results(): readonly ReportResult[] {
    return this.parts.results;
  }

  get sentences(): readonly ReportSentence[] {
    return this.parts.sentences;
  }

  /** What a model wrote that was not right, asked for again and still not right. */
  get dropped(): readonly DroppedSentence[] {
    return this.parts.dropped;
  }

  /** The sentences as they read. */
  get narrative(): string[] {
    return this.sentences.map(sentenceText);
  }

  /** How many numbers the sentences hold, each a cell of a result. */
  get numbers(): number {
    return this.sentences.reduce((sum, sentence) => sum + numbersOf(sentence), 0);
  }

  /** Specifications of the charts, as the plan asked for them, with the result that each draws. */
  get charts(): (ChartSpecification & { result: string })[] {
    return this.results.flatMap(({ id, chart }) => (chart === null ? [] : [{ result: id, ...chart }]));
  }

  /** The charts, drawn. */
  figures(): Chart[] {
    return this.results.map(drawChart).filter((chart) => chart !== undefined);
  }

  /** The whole page: 1.2 MB and up, nearly all of it plotly.js. It opens offline and asks nothing of any server. */
  html(): string {
    const { table, query } = this.parts;
    return page(query, `${table.name}, ${count(table.rows, "row")}`, writtenSections(this.parts));
  }

  /** Writes the page, aside first and then in its place; makes its folder. Gives back the path. */
  async save(path: string): Promise<string> {
    return savePage(path, this.html());
  }

  /** All but the rows of the table, as plain data. */
  toJSON(): object {
    const { query, table, plan, planned, results, dropped } = this.parts;
    const sentences = this.sentences.map((sentence) => ({ text: sentenceText(sentence), ...sentence }));
    return { query, table, planned, plan, results, sentences, dropped };
  }

  [display](): MimeBundle {
    return {
      "text/html": html`<div style="font:14px/1.55 system-ui,sans-serif;max-width:48rem">
        <b>${this.query}</b>
        ${answerHtml(this.parts)}
        <p style="opacity:.7">
          ${this.figures().length} charts; <code>await report.save("report.html")</code> writes the page.
        </p>
      </div>`.text,
      "text/plain": [this.query, ...this.narrative].join("\n"),
    };
  }
}
