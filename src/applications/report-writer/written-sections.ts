import { charts, clip, count, html, type Html, type Section, table } from "../../reports/index.ts";
import { isNumber } from "./claim-problem.ts";
import { drawChart } from "./draw-chart.ts";
import type { PlanAnalysis } from "./plan.ts";
import type { ReportSentence } from "./read-sentence.ts";
import type { Piece } from "./reference.ts";
import { cellText, type ReportResult } from "./result.ts";
import type { WrittenReportParts } from "./written-report.ts";

/** A longer table is folded. */
const mostOpen = 20;

/** The parts of the page: the answer, what was computed, and how. */
export function writtenSections(parts: WrittenReportParts): Section[] {
  return [
    { id: "answer", title: "Answer", body: html`${answerHtml(parts, true)} ${authors(parts)}` },
    ...parts.results.filter(({ id }) => id !== "all").map(resultSection),
    { id: "method", title: "How it was computed", body: method(parts) },
  ];
}

/** The sentences as paragraphs, one for each result; with `linked`, each number leads to its cell. */
export function answerHtml({ sentences, results }: WrittenReportParts, linked = false): Html {
  const of = (id: string) => sentences.filter((sentence) => resultOf(sentence) === id);
  const empty = results.filter(({ rows }) => rows.length === 0);
  return html`${[
    ...results.filter(({ id }) => id !== "all"),
    ...results.filter(({ id }) => id === "all"),
  ].map(({ id }) => {
    const told = of(id);
    return told.length === 0
      ? undefined
      : html`<p>${told.map((sentence) => sentenceHtml(sentence, linked))}</p>`;
  })}
  ${empty.map(({ title }) => html`<p>${clip(title, 300)}: no row of the table is like this.</p>`)}`;
}

/** The result of the first number. */
function resultOf({ pieces }: ReportSentence): string | undefined {
  return pieces.find(isNumber)?.result;
}

function sentenceHtml({ pieces, by }: ReportSentence, linked: boolean): Html {
  const told = pieces.map((piece) =>
    linked ? linkedPiece(piece) : typeof piece === "string" ? piece : piece.text,
  );
  return by === "model" ? html`<span title="written by the model">${told}</span> ` : html`${told} `;
}

function linkedPiece(piece: Piece): Html | string {
  if (typeof piece === "string") return piece;
  if (!isNumber(piece)) return piece.text;
  return html`<a href="#${cellId(piece.result, piece.row, piece.column.name)}"><b>${piece.text}</b></a>`;
}

/** Names of columns are data; in an address only plain letters stand. */
function cellId(result: string, row: number, column: string): string {
  return `${result}-r${row + 1}-${column.replace(/[^A-Za-z0-9]/g, (character) => `.${character.charCodeAt(0).toString(16)}`)}`;
}

function authors({ sentences, dropped }: WrittenReportParts): Html {
  const model = sentences.filter(({ by }) => by === "model").length;
  const wrote =
    model > 0
      ? `The model wrote ${model} of the ${count(sentences.length, "sentence")}; others are forms, filled in.`
      : "The sentences are forms, filled in.";
  const wrong =
    dropped.length > 0
      ? ` ${count(dropped.length, "sentence")} of the model's were not right and were left out.`
      : "";
  return html`<p>
    <small>Every number is a cell of a table below, and leads to it. ${wrote}${wrong}</small>
  </p>`;
}

function resultSection(result: ReportResult): Section {
  const { id, columns, rows, groups } = result;
  const chart = drawChart(result);
  const shown =
    groups > rows.length ? `The first ${rows.length} of ${count(groups, "group")}` : count(groups, "group");
  const cell = (row: number) => (value: string | number | null, place: number) => {
    const column = columns[place]!;
    const text = cellText(value, column);
    return column.measure === undefined
      ? html`<th scope="row">${text}</th>`
      : html`<td id="${cellId(id, row, column.name)}">${text}</td>`;
  };
  const values = table(
    shown,
    columns.map(({ title }) => title),
    rows.map(
      (cells, row) =>
        html`<tr>
          ${cells.map(cell(row))}
        </tr>`,
    ),
  );
  // A browser opens what is folded when a link leads into it.
  const body =
    rows.length <= mostOpen
      ? values
      : html`<details>
          <summary>${shown}</summary>
          ${values}
        </details>`;
  return { id, title: clip(result.title, 120), body: html`${chart && charts(chart)} ${body}` };
}

function method({ plan, planned, dropped, table: { name, rows } }: WrittenReportParts): Html {
  const chose =
    planned.by === "model"
      ? "The model chose the analyses; they were checked against the table's columns before they ran."
      : "The analyses were chosen by rule, from the words of the question and what the columns hold.";
  return html`<p>${chose} ${planned.reason}</p>
    <p id="${cellId("all", 0, "count")}">${name} has ${count(rows, "row")}.</p>
    <dl class="settings">
      ${plan.analyses.flatMap((analysis, index) =>
        steps(analysis).map(
          ([step, told]) =>
            html`<dt>a${index + 1} ${step}</dt>
              <dd>${told}</dd>`,
        ),
      )}
    </dl>
    ${
      dropped.length > 0
        ? html`<details>
            <summary>What the model wrote that was not right</summary>
            <ol class="rows">
              ${dropped.map(
                ({ text, reason }) =>
                  html`<li>
                    <del>${text}</del>
                    <p class="why">${reason}</p>
                  </li>`,
              )}
            </ol>
          </details>`
        : undefined
    }`;
}

/** An analysis step by step, in words. */
function steps({ filters, groups, measures, order, top, chart }: PlanAnalysis): [string, string][] {
  const told: [string, string][] = filters.map(({ column, compare, value }) => [
    "filter",
    `${clip(column, 60)} ${compare} ${clip(String(value), 60)}`,
  ]);
  if (groups.length > 0) told.push(["group", groups.join(", ")]);
  for (const { measure, column, value } of measures)
    told.push([
      "measure",
      [measure, column, value && clip(value, 60)].filter((each) => each !== null).join(" · "),
    ]);
  if (order) told.push(["order", `${order.by}, ${order.descending ? "largest first" : "smallest first"}`]);
  if (top !== null) told.push(["keep", `the first ${top}`]);
  if (chart) told.push(["chart", `${chart.kind} of ${chart.y} by ${chart.x}`]);
  return told;
}
