import { safeLink } from "../../core/index.ts";
import { html, type Html } from "../html.ts";
import type { ReportSubject } from "../subject.ts";

/** What the figures rest on: data, metric, settings, and where the run is kept. */
export function configuration({ after, tracking, configuration: settings = {} }: ReportSubject): Html {
  const { dataset, metric, program } = after.subject;
  const link = tracking && safeLink(tracking.url);
  const rows: [string, string | number | boolean][] = [
    ["program", program.constructor.name],
    ["metric", metric],
    ["data", `${dataset.name}, ${dataset.rows} rows, ${dataset.digest.slice(0, 12)}`],
    ["run at", new Date(after.startedAt).toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ...Object.entries(settings),
  ];
  return html`<section id="configuration" aria-labelledby="configuration-title">
    <h2 id="configuration-title">Configuration</h2>
    <dl class="settings">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${String(value)}</dd>`)}
    ${link === undefined ? undefined : html`<dt>MLflow run</dt><dd><a href="${link}" rel="noreferrer">${link}</a></dd>`}</dl>
  </section>`;
}
