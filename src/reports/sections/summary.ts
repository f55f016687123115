import type { Evaluation } from "../../evaluate/index.ts";
import { estimateChart } from "../figures/intervals.ts";
import { html, type Html } from "../html.ts";
import { charts, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { count, dollars, duration, score } from "../words.ts";

/** The figures that matter first, each before and after, and what the difference is worth. */
export function summary(reported: Reported): Section {
  const { after, before, search, kept } = reported;
  const chosen =
    search && !kept
      ? `Chosen by ${search.optimizer} on validation rows; the figures below are of rows it did not see.`
      : undefined;
  return {
    id: "summary",
    title: "Summary",
    body: html`<p class="verdict">${verdict(reported)}</p>
      ${chosen && html`<p>${chosen}</p>`}
      <dl class="cards">${cards(after, before)}</dl>
      ${charts(estimateChart(after, before))}`,
  };
}

/** What came out, in a sentence. */
export function verdict({ after, comparison, kept, search }: Reported): string {
  if (comparison) return comparison.verdict;
  const { mean, interval } = after.estimate;
  const found = `${score(mean)} by ${after.subject.metric} (95 % interval ${score(interval[0])} to ${score(interval[1])}, ${count(after.rows.length, "row")}).`;
  return kept
    ? `${search?.optimizer ?? "The search"} found nothing better, so the program was kept as it was: ${found}`
    : found;
}

function cards(after: Evaluation, before: Evaluation | undefined): Html[] {
  const { mean, interval } = after.estimate;
  const { rows, macroF1, unreadable, errors, outages, latency, used, stopped } = after;
  return [
    card(
      after.subject.metric,
      score(mean),
      `${score(interval[0])} to ${score(interval[1])}`,
      before && score(before.score),
    ),
    ...(macroF1 === undefined
      ? []
      : [card("macro F1", score(macroF1), "each class counts the same", before && score(before.macroF1))]),
    card(
      "rows",
      rows.length.toLocaleString("en"),
      stopped === undefined ? "all were run" : `stopped: ${stopped}`,
    ),
    card(
      "unreadable replies",
      String(unreadable),
      "they count as wrong",
      before && String(before.unreadable),
    ),
    card(
      "errors",
      String(errors),
      errors === 0 ? "no row was lost" : `${outages} outages, which have no score`,
      before && String(before.errors),
    ),
    card(
      "time a row, median",
      duration(latency.p50),
      `95 % within ${duration(latency.p95)}`,
      before && duration(before.latency.p50),
    ),
    card(
      "tokens",
      (used.inputTokens + used.outputTokens).toLocaleString("en"),
      `in ${count(used.calls, "call")}`,
      before && (before.used.inputTokens + before.used.outputTokens).toLocaleString("en"),
    ),
    card(
      "cost",
      used.cost === null ? "unknown" : dollars(used.cost),
      used.cost === null ? "the model has no known price" : "by the model's price",
    ),
  ];
}

function card(name: string, value: string, note: string, before?: string): Html {
  const was = before === undefined || before === value ? undefined : html`<small>was ${before}</small>`;
  return html`<div>
    <dt>${name}</dt>
    <dd><b>${value}</b> ${was}<span>${note}</span></dd>
  </div>`;
}
