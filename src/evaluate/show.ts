import { escapeHtml, type MimeBundle } from "../core/index.ts";
import type { ClassFigures, ConfusionMatrix } from "../metrics/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RowResult } from "./row-results.ts";

const shownFailures = 5;

/** Cards, table and chart of an evaluation, for a cell. Static HTML: it reads wherever the notebook is opened. */
export function showEvaluation(evaluation: Evaluation): MimeBundle {
  const { confusion } = evaluation;
  const classes = confusion?.classes() ?? [];
  return {
    "text/html":
      `<div class="lmframe-evaluation"><style>${style}</style>` +
      cards(evaluation) +
      (confusion && classes.length > 0 ? classTable(classes) + matrix(confusion) : "") +
      failures(evaluation) +
      `</div>`,
    "text/plain": plain(evaluation, classes),
  };
}

/** The figures of an evaluation as text to text. */
function figures(evaluation: Evaluation): [string, string, (string | undefined)?][] {
  const { mean, interval } = evaluation.estimate;
  const { latency, used, macroF1 } = evaluation;
  const list: [string, string, (string | undefined)?][] = [
    [evaluation.subject.metric, mean.toFixed(3), `${interval[0].toFixed(3)} – ${interval[1].toFixed(3)}`],
  ];
  if (macroF1 !== undefined) list.push(["macro F1", macroF1.toFixed(3)]);
  list.push(
    ["rows", String(evaluation.rows.length), evaluation.stopped && `stopped: ${evaluation.stopped}`],
    ["unreadable", String(evaluation.unreadable)],
    [
      "errors",
      String(evaluation.errors),
      evaluation.outages > 0 ? `${evaluation.outages} outages` : undefined,
    ],
    ["seconds a row", latency.p50.toFixed(2), `95th percentile ${latency.p95.toFixed(2)}`],
    ["tokens", String(used.inputTokens + used.outputTokens), `${used.calls} calls`],
  );
  if (used.cost !== null && used.cost > 0) list.push(["cost", `$${used.cost.toFixed(4)}`]);
  return list;
}

function cards(evaluation: Evaluation): string {
  const items = figures(evaluation).map(
    ([label, value, note]) =>
      `<div><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span>${note ? `<small>${escapeHtml(note)}</small>` : ""}</div>`,
  );
  return `<div class="cards">${items.join("")}</div>`;
}

function classTable(classes: readonly ClassFigures[]): string {
  const rows = classes.map(
    ({ label, support, precision, recall, f1 }) =>
      `<tr><th>${escapeHtml(label)}</th><td>${support}</td><td>${precision.toFixed(3)}</td><td>${recall.toFixed(3)}</td>` +
      `<td>${f1.toFixed(3)}</td><td class="bar"><i style="width:${(f1 * 100).toFixed(1)}%"></i></td></tr>`,
  );
  return (
    `<table><caption>By class</caption><tr><th></th><th>rows</th><th>precision</th><th>recall</th><th>F1</th><th></th></tr>` +
    `${rows.join("")}</table>`
  );
}

function matrix(confusion: ConfusionMatrix): string {
  const { labels } = confusion;
  const head = labels.map((label) => `<th>${escapeHtml(label)}</th>`).join("");
  const body = labels
    .map((expected) => {
      const counts = labels.map((predicted) => confusion.count(expected, predicted));
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (total === 0) return "";
      const cells = counts.map((count, index) => {
        const hue = labels[index] === expected ? "46, 125, 50" : "198, 40, 40";
        return `<td style="background:rgba(${hue},${((0.65 * count) / total).toFixed(2)})">${count}</td>`;
      });
      return `<tr><th>${escapeHtml(expected)}</th>${cells.join("")}</tr>`;
    })
    .join("");
  return `<table><caption>Expected (rows) against predicted (columns)</caption><tr><th></th>${head}</tr>${body}</table>`;
}

function failures(evaluation: Evaluation): string {
  const failed = below(evaluation);
  if (failed.length === 0) return "";
  const rows = failed.map(
    ({ index, row, outputs, feedback, error }) =>
      `<tr><td>${index}</td><td class="text">${brief(row)}</td><td class="text">${brief(outputs ?? {})}</td>` +
      `<td class="text">${escapeHtml(clip(error ? `${error.name}: ${error.message}` : (feedback ?? "")))}</td></tr>`,
  );
  return (
    `<table><caption>The first ${failed.length} rows that scored below 1</caption>` +
    `<tr><th>row</th><th>given</th><th>answered</th><th>feedback</th></tr>${rows.join("")}</table>`
  );
}

/** The first rows that scored below 1, in the order of the rows. */
function below(evaluation: Evaluation): RowResult[] {
  const found: RowResult[] = [];
  for (const result of evaluation.rows) {
    if (result.status === "scored" && result.score >= 1) continue;
    found.push(result);
    if (found.length >= shownFailures) break;
  }
  return found;
}

function brief(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `<em>${escapeHtml(name)}</em> ${escapeHtml(clip(typeof value === "string" ? value : JSON.stringify(value)))}`,
    )
    .join("<br>");
}

function clip(text: string | undefined): string {
  if (text === undefined) return "";
  return text.length > 240 ? `${text.slice(0, 239)}…` : text;
}

function plain(evaluation: Evaluation, classes: readonly ClassFigures[]): string {
  const lines = figures(evaluation).map(
    ([label, value, note]) => `${label.padEnd(14)} ${value}${note ? `  (${note})` : ""}`,
  );
  if (classes.length > 0) lines.push("", "class              rows  precision  recall     F1");
  for (const { label, support, precision, recall, f1 } of classes) {
    lines.push(
      `${label.padEnd(16)} ${String(support).padStart(6)} ${precision.toFixed(3).padStart(10)} ${recall.toFixed(3).padStart(7)} ${f1.toFixed(3).padStart(6)}`,
    );
  }
  return lines.join("\n");
}

const style = `
.lmframe-evaluation { font: 13px/1.4 system-ui, sans-serif; color: inherit; max-width: 60rem }
.lmframe-evaluation .cards { display: flex; flex-wrap: wrap; gap: .5rem; margin: .25rem 0 .75rem }
.lmframe-evaluation .cards div { border: 1px solid rgba(128,128,128,.35); border-radius: 6px; padding: .4rem .8rem; min-width: 5.5rem }
.lmframe-evaluation .cards b { display: block; font-size: 1.35em; font-variant-numeric: tabular-nums }
.lmframe-evaluation .cards span, .lmframe-evaluation .cards small { display: block; opacity: .75 }
.lmframe-evaluation table { border-collapse: collapse; margin: .5rem 0 }
.lmframe-evaluation caption { text-align: left; font-weight: 600; padding: .25rem 0 }
.lmframe-evaluation th, .lmframe-evaluation td { padding: .2rem .6rem; border-bottom: 1px solid rgba(128,128,128,.25); text-align: right; font-variant-numeric: tabular-nums }
.lmframe-evaluation tr > th:first-child, .lmframe-evaluation td.text { text-align: left; white-space: normal; overflow-wrap: anywhere }
.lmframe-evaluation td.bar { min-width: 8rem } .lmframe-evaluation td.bar i { display: block; height: .7em; background: #4c78a8; border-radius: 2px }
.lmframe-evaluation em { opacity: .65; font-style: normal }`;
