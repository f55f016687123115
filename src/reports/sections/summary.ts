import type { Comparison, Evaluation } from "../../evaluate/index.ts";
import { html, type Html } from "../html.ts";
import type { ReportSubject } from "../subject.ts";

/** The figures that matter first, each before and after with its interval, and what the difference is worth. */
export function summary({ before, after, search }: ReportSubject, comparison: Comparison | undefined): Html {
  const kept = before !== undefined && before === after;
  return html`<section id="summary" aria-labelledby="summary-title">
    <h2 id="summary-title">Summary</h2>
    ${comparison && !kept ? html`<p class="verdict">${comparison.verdict}</p>` : undefined}
    ${kept ? html`<p class="verdict">Nothing scored higher than the program as it was, so it was kept.</p>` : undefined}
    ${search && !kept ? html`<p>Chosen by ${search.optimizer} on validation rows; the figures here are on rows it did not see.</p>` : undefined}
    <div class="cards">${cards(after, kept ? undefined : before)}</div>
  </section>`;
}

function cards(after: Evaluation, before: Evaluation | undefined): Html[] {
  const { mean, interval } = after.estimate;
  const was = before?.estimate;
  const latency = after.latency;
  const list = [
    card(after.subject.metric, mean.toFixed(3), `95 % interval ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`, was?.mean.toFixed(3)),
  ];
  if (after.macroF1 !== undefined) {
    list.push(card("Macro F1", after.macroF1.toFixed(3), "each class counts the same", before?.macroF1?.toFixed(3)));
  }
  list.push(
    card("Rows", String(after.rows.length), after.stopped === undefined ? "all were run" : `stopped: ${after.stopped}`),
    card("Unreadable replies", String(after.unreadable), "count as wrong", before && String(before.unreadable)),
    card("Errors", String(after.errors), `${after.outages} of them outages, which have no score`, before && String(before.errors)),
    card("Median seconds a row", latency.p50.toFixed(2), `95th percentile ${latency.p95.toFixed(2)}`, before?.latency.p50.toFixed(2)),
    card("Tokens", (after.used.inputTokens + after.used.outputTokens).toLocaleString("en"), `in ${after.used.calls} calls`),
    card("Cost", after.used.cost === null ? "not known" : `$${after.used.cost.toFixed(4)}`, "by the model's price"),
  );
  return list;
}

function card(name: string, value: string, note: string, before?: string): Html {
  return html`<div class="card">
    <div class="name">${name}</div>
    <div class="value">${before === undefined ? undefined : html`<span class="was">${before} → </span>`}${value}</div>
    <div class="note">${note}</div>
  </div>`;
}
