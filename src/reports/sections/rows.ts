import type { Comparison, Evaluation, RowResult } from "../../evaluate/index.ts";
import { html, type Html } from "../html.ts";

const mostRows = 500;

/** The rows that scored below 1 or had no score, to search through. */
export function failedRows(evaluation: Evaluation): Html {
  const shown: RowResult[] = [];
  let count = 0;
  for (const row of evaluation.rows) {
    if (row.status === "scored" && row.score >= 1) continue;
    count++;
    if (shown.length < mostRows) shown.push(row);
  }
  return html`<section id="rows" aria-labelledby="rows-title">
    <h2 id="rows-title">Rows that failed</h2>
    ${
      count === 0
        ? html`<p>Every row scored 1.</p>`
        : html`<p>${count} of ${evaluation.rows.length} rows${count > shown.length ? `, the first ${shown.length} of them here` : ""}.</p>
    <p class="tools"><label>Search <input type="search" data-filters="failed" placeholder="text, label, feedback" /></label> <output data-count="failed" aria-live="polite">${shown.length} shown</output></p>
    <div class="scroll"><table id="failed">
      <caption>Rows that failed, in the order of the data</caption>
      <thead><tr><th scope="col">row</th><th scope="col">given</th><th scope="col">answered</th><th scope="col">score</th><th scope="col">why</th></tr></thead>
      <tbody>${shown.map(
        (row) =>
          html`<tr><td>${row.index}</td><td class="text">${values(row.row)}</td><td class="text">${values(row.outputs ?? {})}</td><td>${Number.isNaN(row.score) ? "none" : row.score.toFixed(2)}</td><td class="text">${why(row)}</td></tr>`,
      )}</tbody>
    </table></div>`
    }
  </section>`;
}

/** The rows whose score changed, on each side. */
export function flippedRows({ better, worse }: Comparison): Html {
  return html`<section id="flips" aria-labelledby="flips-title">
    <h2 id="flips-title">Rows that changed</h2>
    ${flips("Better now", better)} ${flips("Worse now", worse)}
  </section>`;
}

function flips(title: string, rows: Comparison["better"]): Html {
  if (rows.length === 0) return html`<p>${title}: none.</p>`;
  return html`<details>
    <summary>${title}: ${rows.length} rows</summary>
    <div class="scroll"><table>
      <caption>${title}</caption>
      <thead><tr><th scope="col">row</th><th scope="col">given</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
      <tbody>${rows.map(
        ({ before, after }) =>
          html`<tr><td>${after.index}</td><td class="text">${values(after.row)}</td><td class="text">${values(before.outputs ?? {})}</td><td class="text">${values(after.outputs ?? {})}</td></tr>`,
      )}</tbody>
    </table></div>
  </details>`;
}

function values(row: Readonly<Record<string, unknown>>): Html {
  return html`<dl>${Object.entries(row).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${typeof value === "string" ? value : JSON.stringify(value)}</dd>`,
  )}</dl>`;
}

function why({ error, feedback, status }: RowResult): string {
  if (error) return `${error.name}: ${error.message}`;
  return feedback ?? (status === "scored" ? "" : status);
}
