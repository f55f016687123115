import { type Displayable, display, type MimeBundle } from "../core/index.ts";
import { Evaluation } from "../evaluate/index.ts";
import { html } from "./html.ts";
import { page, savePage } from "./page.ts";
import { changes } from "./sections/changes.ts";
import { classes } from "./sections/classes.ts";
import { configuration } from "./sections/configuration.ts";
import { failures } from "./sections/failures.ts";
import { prompts } from "./sections/prompts.ts";
import { reading } from "./sections/reading.ts";
import { search } from "./sections/search.ts";
import { slices } from "./sections/slices.ts";
import { spread } from "./sections/spread.ts";
import { summary, verdict } from "./sections/summary.ts";
import type { Reported, ReportSubject } from "./subject.ts";
import { count } from "./words.ts";

/**
 * A report of an evaluation, or of one before and after a change: a page that stands alone. It opens offline,
 * asks nothing of any server, and runs nothing that came from data or a model.
 *
 * Throws ConfigurationError where before and after are not of the same rows and metric.
 */
export function report(subject: Evaluation | ReportSubject): Report {
  return new Report(subject instanceof Evaluation ? { after: subject } : subject);
}

/** A page that is still to be written; see {@link report}. */
export class Report implements Displayable {
  readonly subject: ReportSubject;
  readonly #reported: Reported;

  constructor(subject: ReportSubject) {
    this.subject = subject;
    const before = subject.before === subject.after ? undefined : subject.before;
    this.#reported = {
      ...subject,
      before,
      comparison: before && subject.after.compare(before),
      kept: subject.before !== undefined && before === undefined,
    };
  }

  /** The subject's title, or the evaluation's name. */
  get title(): string {
    return this.subject.title ?? this.subject.after.subject.name;
  }

  /** The whole page: 1.2 MB and up, nearly all of it plotly.js. The same for the same subject. */
  async html(): Promise<string> {
    const reported = this.#reported;
    const sections = [
      summary(reported),
      ...(reported.sections ?? []),
      classes(reported),
      slices(reported),
      spread(reported),
      changes(reported),
      failures(reported),
      await prompts(reported),
      search(reported),
      configuration(reported),
      reading(),
    ];
    return page(
      this.title,
      this.#subtitle,
      sections.filter((section) => section !== undefined),
    );
  }

  /** Writes the page, aside first and then in its place; makes its folder. Gives back the path. */
  async save(path: string): Promise<string> {
    return savePage(path, await this.html());
  }

  [display](): MimeBundle {
    const said = verdict(this.#reported);
    return {
      "text/html": html`<div style="font:13px/1.5 system-ui,sans-serif">
        <b>${this.title}</b> <span style="opacity:.7">${this.#subtitle}</span><br />${said}<br /><code
          >await report.save("report.html")</code
        >
        writes the page.
      </div>`.text,
      "text/plain": `report: ${this.title}, ${this.#subtitle}\n${said}`,
    };
  }

  get #subtitle(): string {
    const { subject, rows, startedAt } = this.subject.after;
    return `${subject.metric} on ${count(rows.length, "row")} of ${subject.dataset.name}, ${new Date(startedAt).toISOString().slice(0, 10)}`;
  }
}
