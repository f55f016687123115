import {
  barChart,
  charts,
  colours,
  count,
  html,
  type Html,
  report,
  type Report,
  score,
  type Section,
  table,
} from "../../reports/index.ts";
import type { MeasuredJudge, RelevanceTuning, TunedRelevance } from "./tune-relevance.ts";

/** What {@link relevanceReport} takes beside the tuning. */
export interface RelevanceReportOptions {
  /** Default `Judge of relevance`. */
  title?: string | undefined;
  /** Where the run is kept; only an http(s) address becomes a link. */
  tracking?: { readonly url: string | undefined } | undefined;
  /** Settings worth knowing, shown as they are. */
  configuration?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * The report of a tuned judge: the ways side by side with what each makes of NMSE, of replies that cannot be read, and of
 * the instructions, on the same unseen rows; and the one that is best on the rows to choose by, before and after, row by row.
 */
export function relevanceReport(tuning: RelevanceTuning, options: RelevanceReportOptions = {}): Report {
  const { title = "Judge of relevance", tracking, configuration } = options;
  // By the rows to choose by: the lowest NMSE of those tested on would flatter.
  const best = tuning.modes.reduce<TunedRelevance | undefined>(
    (first, one) => (first && first.optimization.after >= one.optimization.after ? first : one),
    undefined,
  );
  return report({
    title,
    after: best?.evaluation ?? tuning.before.evaluation,
    ...(best && { before: tuning.before.evaluation, search: best.optimization }),
    sections: [sideBySide(tuning), instructions(tuning)],
    tracking,
    configuration: {
      before: "the judge as it was",
      ...(best && { after: `the judge by ${best.mode}, the best on the rows to choose by` }),
      ...configuration,
    },
  });
}

const nmse = ({ agreement }: MeasuredJudge) => agreement.figures.nmse.mean;

const about: Readonly<Record<TunedRelevance["mode"], string>> = {
  rewrite: "instructions rewritten whole",
  library: "approved bullets, chosen",
  disagreement: "mended where it is farthest from the person",
};

function sideBySide({ before, modes, rows }: RelevanceTuning): Section {
  const judges = [["before", before] as const, ...modes.map((one) => [one.mode, one] as const)];
  const chart = barChart({
    title: "NMSE against the person",
    unit: "NMSE, percent",
    names: judges.map(([name]) => name),
    series: [{ name: "NMSE", color: colours.after, values: judges.map(([, judge]) => nmse(judge)) }],
    format: (value) => value.toFixed(2),
    alternative: `${judges.map(([name, judge]) => `${name} ${nmse(judge).toFixed(2)}`).join(", ")}; less is better.`,
  });
  return {
    id: "ways",
    title: "The ways side by side",
    body: html`<p>
        All on the same ${count(rows.test, "row")} that none of them saw; ${rows.train} were learnt from, and
        ${rows.val} chosen by. NMSE is the mean squared error in percent of the largest that the scale allows;
        a reply that cannot be read counts as fully wrong.
      </p>
      ${charts(chart)}
      ${table(
        "The judge before, and by each way",
        ["", "NMSE", "95 % interval", "change", "unreadable", "kappa, quadratic", "same score", "calls"],
        [row("before", "as it was", before), ...modes.map((one) => row(one.mode, about[one.mode], one))],
      )}`,
  };
}

function row(name: string, note: string, judge: MeasuredJudge | TunedRelevance): Html {
  const { nmse, weightedKappa, exact } = judge.agreement.figures;
  const tuned = "mode" in judge ? judge : undefined;
  return html`<tr>
    <th scope="row">
      ${name} <small>${note}${tuned?.optimization.kept ? "; nothing better was found" : ""}</small>
    </th>
    <td>${nmse.mean.toFixed(2)}</td>
    <td>${nmse.interval[0].toFixed(2)} to ${nmse.interval[1].toFixed(2)}</td>
    <td>${tuned ? percent(-tuned.reduction) : "–"}</td>
    <td>${percent(judge.unreadable)}</td>
    <td>${score(weightedKappa.mean)}</td>
    <td>${score(exact.mean)}</td>
    <td>${tuned ? tuned.optimization.used.task.calls : "–"}</td>
  </tr>`;
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(1)} %`;
}

function instructions({ modes }: RelevanceTuning): Section {
  return {
    id: "instructions",
    title: "What each way tells the judge",
    body: html`${modes.map(({ mode, program }) =>
      [...program.predictors().values()].map(
        ({ state }) =>
          html`<article>
            <h3>${mode}</h3>
            <pre class="prompt">${state.instructions}</pre>
          </article>`,
      ),
    )}`,
  };
}
