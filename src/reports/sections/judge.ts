import type { Estimate, JudgeMeasures } from "../../evaluate/index.ts";
import { html } from "../html.ts";
import { type Section, table } from "../section.ts";

/** Bias, noise and agreement of a judge, as a section that a report of what it judged can show (`sections`). */
export function judgeSection(measures: JudgeMeasures): Section {
  return {
    id: "judge",
    title: "How far the judge can be trusted",
    body: html`<p>
        ${measures.caption}. Bias is the mean of judge less person; noise is the standard deviation of the
        draws of one row. Both are in units of the judge's scale.
      </p>
      ${table(
        "The judge against the person",
        ["", "value", "95 % interval"],
        measures.figures.map(
          ([name, estimate]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${digits(estimate.mean)}</td>
              <td>${interval(estimate)}</td>
            </tr>`,
        ),
      )}
      ${table(
        "By the person's score",
        ["score", "rows", "unreadable", "bias", "95 % interval", "noise"],
        measures.levels.map(
          ({ level, rows, unreadable, bias, noise }) =>
            html`<tr>
              <th scope="row">${level}</th>
              <td>${rows}</td>
              <td>${unreadable}</td>
              <td>${digits(bias.mean)}</td>
              <td>${interval(bias)}</td>
              <td>${digits(noise.mean)}</td>
            </tr>`,
        ),
      )}`,
  };
}

function interval({ interval: [low, high] }: Estimate): string {
  return Number.isFinite(low) ? `${digits(low)} to ${digits(high)}` : "–";
}

function digits(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}
