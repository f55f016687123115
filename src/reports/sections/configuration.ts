import { safeLink } from "../../core/index.ts";
import { html } from "../html.ts";
import type { Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { count } from "../words.ts";

/** What the figures rest on: data, metric, settings, and where the run is kept. */
export function configuration({ after, tracking, configuration: settings = {} }: Reported): Section {
  const { dataset, metric, program } = after.subject;
  const link = tracking?.url === undefined ? undefined : safeLink(tracking.url);
  const entries: [string, string][] = [
    ["program", program.constructor.name],
    ["metric", metric],
    ["data", `${dataset.name}, ${count(after.rows.length, "row")}, digest ${dataset.digest.slice(0, 12)}`],
    ["run at", `${new Date(after.startedAt).toISOString().slice(0, 16).replace("T", " ")} UTC`],
    ...Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  return {
    id: "configuration",
    title: "Configuration",
    body: html`<dl class="settings">
      ${entries.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
      ${
        link &&
        html`<dt>MLflow run</dt>
          <dd><a href="${link}" rel="noreferrer">${link}</a></dd>`
      }
    </dl>`,
  };
}
