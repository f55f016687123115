import { ConfigurationError, type Displayable, display, escapeHtml, type MimeBundle } from "../core/index.ts";
import {
  cohenKappa,
  meanSquaredError,
  normalizedSquaredError,
  pearson,
  type Scale,
  spearman,
} from "../metrics/index.ts";
import type { Estimate, Evaluation } from "./evaluation.ts";
import { bootstrap, mean, meanInterval } from "./interval.ts";

/** A score a judge gave; null or undefined where its reply could not be read. */
type JudgedScore = number | null | undefined;

/** How {@link agreement} counts. */
export interface AgreementOptions {
  /** The scale's lowest and highest value. Default 1 to 5. */
  range?: Scale | undefined;
}

/**
 * How far a judge agrees with a person, each figure with its 95 % interval (Wilson's for shares, the bootstrap over
 * rows else). A score that could not be read counts as fully wrong: no agreement, the largest squared error, and for
 * kappa and correlation the end of the scale that lies farther from the person's score.
 */
export interface AgreementFigures {
  /** Share of the rows with the same score. */
  exact: Estimate;
  /** Share of the rows whose scores differ by at most 1. */
  withinOne: Estimate;
  /** Agreement beyond chance, -1 to 1 (Cohen 1960); scores are rounded to whole numbers. */
  kappa: Estimate;
  /** The same, near misses costing less than far ones: quadratic weights (Cohen 1968). */
  weightedKappa: Estimate;
  pearson: Estimate;
  spearman: Estimate;
  /** Mean squared error; 0 to 16 on a scale from 1 to 5. */
  mse: Estimate;
  /** Mean squared error in percent of the largest the scale allows. */
  nmse: Estimate;
  /** Mean of judge less person, over the rows that could be read: above 0 the judge is the kinder one. */
  bias: Estimate;
}

const titles: Record<keyof AgreementFigures, string> = {
  exact: "same score",
  withinOne: "within one",
  kappa: "kappa",
  weightedKappa: "kappa, quadratic weights",
  pearson: "Pearson's correlation",
  spearman: "Spearman's correlation",
  mse: "mean squared error",
  nmse: "NMSE, percent",
  bias: "bias of the judge",
};

/** What {@link agreement} finds; in a notebook it shows itself as a table. */
export class Agreement implements Displayable {
  readonly figures: AgreementFigures;
  readonly rows: number;
  /** Scores that could not be read. */
  readonly unreadable: number;

  constructor(figures: AgreementFigures, rows: number, unreadable: number) {
    this.figures = figures;
    this.rows = rows;
    this.unreadable = unreadable;
  }

  [display](): MimeBundle {
    const caption = `Judge against person: ${this.rows} rows, ${this.unreadable} unreadable`;
    const lines = Object.entries(titles).map(([name, title]) => {
      const { mean, interval } = this.figures[name as keyof AgreementFigures];
      return [title, figure(mean), `${figure(interval[0])} to ${figure(interval[1])}`] as const;
    });
    const rows = lines.map(
      ([title, value, interval]) =>
        `<tr><th>${escapeHtml(title)}</th><td>${value}</td><td>${interval}</td></tr>`,
    );
    return {
      "text/html":
        `<table class="lmframe-agreement"><caption>${escapeHtml(caption)}</caption>` +
        `<tr><th></th><th>value</th><th>95 % interval</th></tr>${rows.join("")}</table>`,
      "text/plain": [
        caption,
        ...lines.map(([title, value, interval]) => `${title.padEnd(26)} ${value.padStart(7)}  ${interval}`),
      ].join("\n"),
    };
  }
}

/**
 * Compares a judge's scores with a person's, row by row. Where a row has several draws of the judge, each is compared,
 * and the intervals are still those over rows: draws of one row are not rows of their own.
 *
 * Throws RangeError where the lists differ in length, ConfigurationError for no rows, a row of no draws, or a person's
 * score off the scale.
 */
export function agreement(
  judged: readonly (JudgedScore | readonly JudgedScore[])[],
  human: readonly number[],
  { range = [1, 5] }: AgreementOptions = {},
): Agreement {
  if (judged.length !== human.length) {
    throw new RangeError(`${judged.length} scores of the judge against ${human.length} of the person`);
  }
  if (human.length === 0) throw new ConfigurationError("there is no row to compare; give at least one");
  const [low, high] = range;
  const off = human.find((score) => !(score >= low && score <= high));
  if (off !== undefined) {
    throw new ConfigurationError(`a person's score is ${off}; expected ${low} to ${high}`);
  }
  const draws = judged.map((row) => (isList(row) ? row : [row]));
  if (draws.some((row) => row.length === 0)) {
    throw new ConfigurationError("a row has no score of the judge; leave such rows out");
  }
  const person = draws.flatMap((row, index) => row.map(() => human[index]!));
  const read = draws.flat().map((score) => (Number.isFinite(score) ? score! : undefined));
  const said = read.map(
    (score, place) => score ?? (person[place]! - low > high - person[place]! ? low : high),
  );
  const gaps = read.map((score, place) =>
    score === undefined ? Infinity : Math.abs(score - person[place]!),
  );
  const whole = { said: said.map(Math.round), person: person.map(Math.round) };
  let next = 0;
  const placesOf = draws.map((row) => row.map(() => next++));

  const over = (statistic: (places: readonly number[]) => number): Estimate => ({
    mean: statistic(placesOf.flat()),
    interval: bootstrap(human.length, (rows) => statistic(Array.from(rows).flatMap((row) => placesOf[row]!))),
  });
  const at = <T>(values: readonly T[], places: readonly number[]) => places.map((place) => values[place]!);
  const byRow = (values: readonly (number | undefined)[]): Estimate =>
    meanOf(placesOf.map((places) => mean(places.map((place) => values[place] ?? NaN))));
  const share = (hits: readonly boolean[]): Estimate => byRow(hits.map(Number));
  const squared = (error: typeof normalizedSquaredError) =>
    over((places) => error(at(person, places), at(read, places), range));
  const kappa = (weights: "none" | "quadratic") =>
    over((places) => cohenKappa(at(whole.said, places), at(whole.person, places), weights));

  return new Agreement(
    {
      exact: share(gaps.map((gap) => gap === 0)),
      withinOne: share(gaps.map((gap) => gap <= 1)),
      kappa: kappa("none"),
      weightedKappa: kappa("quadratic"),
      pearson: over((places) => pearson(at(said, places), at(person, places))),
      spearman: over((places) => spearman(at(said, places), at(person, places))),
      mse: squared(meanSquaredError),
      nmse: squared(normalizedSquaredError),
      bias: byRow(read.map((score, place) => (score === undefined ? undefined : score - person[place]!))),
    },
    human.length,
    read.filter((score) => score === undefined).length,
  );
}

function isList(row: JudgedScore | readonly JudgedScore[]): row is readonly JudgedScore[] {
  return Array.isArray(row);
}

/**
 * The agreement of a judge that was evaluated on rows with a person's scores: its output against the column of the
 * same name. Rows for which no answer could be had are left out; replies that could not be read are not.
 *
 * @param field - the output with the score. Default `score`.
 */
export function agreementOf(
  evaluation: Evaluation,
  { field = "score", ...options }: AgreementOptions & { field?: string | undefined } = {},
): Agreement {
  const judged: JudgedScore[] = [];
  const human: number[] = [];
  for (const { row, outputs, status } of evaluation.rows) {
    if (status === "outage") continue;
    const wanted = row[field];
    if (wanted === undefined || wanted === null || !Number.isFinite(Number(wanted))) {
      throw new ConfigurationError(
        `a row holds ${JSON.stringify(wanted)} for "${field}"; expected a person's score`,
      );
    }
    human.push(Number(wanted));
    judged.push(status === "scored" ? (outputs?.[field] as JudgedScore) : undefined);
  }
  return agreement(judged, human, options);
}

function meanOf(values: readonly number[]): Estimate {
  return { mean: mean(values), interval: meanInterval(values) };
}

function figure(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}
