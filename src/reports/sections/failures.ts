import type { Evaluation, RowResult } from "../../evaluate/index.ts";
import { html, type Html } from "../html.ts";
import { list, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { clip, count } from "../words.ts";
import { spell, values, withoutLabel } from "./values.ts";

const mostRows = 500;
/** Different values beyond which choosing one from a list is no help. */
const mostChoices = 50;

/** The rows that scored below 1 or had no score, to search through. */
export function failures({ after }: Reported): Section {
  const { rows, total } = failed(after);
  const { field } = after.subject;
  const all = after.rows.length.toLocaleString("en");
  const first = total > rows.length ? `; the first ${rows.length} are here` : "";
  return {
    id: "failures",
    title: "Rows that failed",
    body:
      total === 0
        ? html`<p>Every row scored 1.</p>`
        : html`<p>${total.toLocaleString("en")} of ${all} scored below 1 or had no answer${first}.</p>
            <details open class="filtered">
              <summary>${count(rows.length, "row")} to look through</summary>
              <form class="tools">
                <label>Search <input type="search" name="words" placeholder="text, label, reason" /></label>
                ${choice(
                  "status",
                  rows.map((row) => row.status),
                )}
                ${field === undefined ? undefined : choices(rows, field)}
                <output>${count(rows.length, "row")}</output>
              </form>
              ${list(
                "Rows that failed",
                rows.map((row) => item(row, field)),
              )}
            </details>`,
  };
}

/** The first rows that failed, and how many there are. */
function failed(evaluation: Evaluation): { rows: RowResult[]; total: number } {
  const rows: RowResult[] = [];
  let total = 0;
  for (const row of evaluation.rows) {
    if (row.status === "scored" && row.score >= 1) continue;
    total++;
    if (rows.length < mostRows) rows.push(row);
  }
  return { rows, total };
}

function item(row: RowResult, field: string | undefined): Html {
  const facts =
    field === undefined
      ? html`<span>score <b>${Number.isNaN(row.score) ? "none" : row.score.toFixed(2)}</b></span>`
      : html`<span>expected <b>${expected(row, field)}</b></span>
          <span>predicted <b>${predicted(row, field)}</b></span>`;
  const keys =
    field === undefined
      ? undefined
      : html` data-expected="${expected(row, field)}" data-predicted="${predicted(row, field)}"`;
  return html`<li data-status="${row.status}" ${keys}>
    <p class="facts">
      <span>row ${row.index}</span> ${facts}
      ${row.status === "scored" ? undefined : html`<span class="status">${row.status}</span>`}
    </p>
    ${values(withoutLabel(row.row, field))}
    ${
      row.outputs && (field === undefined || Object.keys(row.outputs).length > 1)
        ? html`<h4>Answered</h4>
            ${values(row.outputs)}`
        : undefined
    }
    ${reason(row)}
  </li>`;
}

function reason({ error, feedback }: RowResult): Html | undefined {
  const text = error ? `${error.name}: ${error.message}` : feedback;
  return text === undefined ? undefined : html`<p class="why">${spell(text)}</p>`;
}

const expected = ({ row }: RowResult, field: string) => clip(spell(row[field]), 80);
const predicted = ({ outputs }: RowResult, field: string) =>
  outputs ? clip(spell(outputs[field]), 80) : "(no answer)";

function choices(rows: readonly RowResult[], field: string): (Html | undefined)[] {
  return [
    choice(
      "expected",
      rows.map((row) => expected(row, field)),
    ),
    choice(
      "predicted",
      rows.map((row) => predicted(row, field)),
    ),
  ];
}

/** A list to choose one of the values by; nothing where there is no choice. */
function choice(name: string, of: readonly string[]): Html | undefined {
  const distinct = [...new Set(of)].sort();
  if (distinct.length < 2 || distinct.length > mostChoices) return undefined;
  return html`<label
    >${name}
    <select name="${name}">
      <option value="">any</option>
      ${distinct.map((value) => html`<option value="is ${value}">${value}</option>`)}
    </select></label
  >`;
}
