import { type Displayable, display, type MimeBundle } from "../core/index.ts";
import type { Scale } from "../metrics/index.ts";
import type { Agreement, AgreementFigures } from "./agreement.ts";
import type { Estimate } from "./evaluation.ts";
import { bootstrap, mean, meanInterval } from "./interval.ts";
import { showTable } from "./show-table.ts";

/** A row's score by a person, and by each draw of a judge; NaN for a draw that could not be read. */
export interface JudgedDraws {
  readonly human: number;
  readonly scores: number[];
}

/** How a judge does on the rows that a person gave about the same score. */
export interface JudgeLevel {
  /** The score, or the part of the scale: `3`, `0.2 to 0.4`. */
  readonly level: string;
  readonly rows: number;
  /** Draws that could not be read. */
  readonly unreadable: number;
  readonly bias: Estimate;
  readonly noise: Estimate;
}

/** What {@link JudgeMeasures} are made of. */
interface Measured {
  readonly name: string;
  readonly range: Scale;
  readonly draws: number;
  readonly judged: readonly JudgedDraws[];
  readonly unscored: number;
  readonly outages: number;
  readonly agreement: Agreement;
}

/** More levels than this are taken together to five parts of the scale. */
const mostLevels = 7;

/**
 * Bias and noise of a judge, in units of its scale, each with a 95 % interval: a bootstrap over rows. Bias is the mean of
 * judge less person; noise the standard deviation of the draws of one row, pooled over rows (occasion noise: Kahneman,
 * Sibony and Sunstein 2021). In a notebook they show themselves as tables.
 */
export class JudgeMeasures implements Displayable {
  readonly name: string;
  readonly range: Scale;
  /** Times that each row was judged. */
  readonly draws: number;
  /** Rows that were judged, each with a person's score. */
  readonly rows: number;
  /** Rows left out because no person scored them. */
  readonly unscored: number;
  /** Draws that could not be read. They say nothing of bias and noise, and count as fully wrong for the agreement. */
  readonly unreadable: number;
  /** Draws for which no answer could be had; they count for nothing. */
  readonly outages: number;
  /** Mean of judge less person, each row by the mean of its draws: above 0 the judge scores higher. */
  readonly bias: Estimate;
  /** Of the rows with two draws or more that could be read; NaN where there are none. */
  readonly noise: Estimate;
  /** Single draws against the person. */
  readonly agreement: Agreement;
  /** By the person's score, low to high; levels that no row has are left out. */
  readonly levels: readonly JudgeLevel[];

  /** @internal */
  constructor({ name, range, draws, judged, unscored, outages, agreement }: Measured) {
    this.name = name;
    this.range = range;
    this.draws = draws;
    this.rows = judged.length;
    this.unscored = unscored;
    this.unreadable = agreement.unreadable;
    this.outages = outages;
    this.bias = agreement.figures.bias;
    this.noise = noiseOf(judged);
    this.agreement = agreement;
    this.levels = levelsOf(judged, range);
  }

  /** What was judged, in a sentence. */
  get caption(): string {
    const left = [
      `${this.unreadable} unreadable`,
      ...(this.outages > 0 ? [`${this.outages} without an answer`] : []),
      ...(this.unscored > 0 ? [`${this.unscored} rows without a person's score left out`] : []),
    ];
    return `${this.name} against a person, ${this.range.join(" to ")}: ${this.rows} rows, ${this.draws} draws each; ${left.join(", ")}`;
  }

  /** The figures, each with its name. */
  get figures(): readonly (readonly [name: string, estimate: Estimate])[] {
    const { figures } = this.agreement;
    return [
      ["bias (judge less person)", this.bias],
      ["noise (standard deviation of a row's draws)", this.noise],
      ...Object.entries(agreementNames).map(
        ([key, name]) => [name, figures[key as keyof AgreementFigures]] as const,
      ),
    ];
  }

  [display](): MimeBundle {
    const figures = showTable({
      caption: this.caption,
      head: ["", "value", "95 % interval"],
      rows: this.figures.map(([name, estimate]) => [name, digits(estimate.mean), intervalText(estimate)]),
    });
    const levels = showTable({
      caption: "By the person's score",
      head: ["score", "rows", "unreadable", "bias", "95 % interval", "noise"],
      rows: this.levels.map(({ level, rows, unreadable, bias, noise }) => [
        level,
        String(rows),
        String(unreadable),
        digits(bias.mean),
        intervalText(bias),
        digits(noise.mean),
      ]),
    });
    const both = (kind: string, between: string) =>
      [figures, levels].map((shown) => shown[kind]).join(between);
    return { "text/html": both("text/html", ""), "text/plain": both("text/plain", "\n\n") };
  }
}

const agreementNames: Partial<Record<keyof AgreementFigures, string>> = {
  spearman: "Spearman's correlation",
  pearson: "Pearson's correlation",
  weightedKappa: "kappa, quadratic weights",
  exact: "same score",
  nmse: "NMSE, percent",
};

/** The standard deviation within rows, pooled over the rows with two readable draws or more. */
function noiseOf(judged: readonly JudgedDraws[]): Estimate {
  const variances = judged.flatMap(({ scores }) => {
    const read = scores.filter((score) => !Number.isNaN(score));
    if (read.length < 2) return [];
    const centre = mean(read);
    return [read.reduce((sum, score) => sum + (score - centre) ** 2, 0) / (read.length - 1)];
  });
  if (variances.length === 0) return { mean: NaN, interval: [NaN, NaN] };
  const pooled = (rows: ArrayLike<number>) => Math.sqrt(mean(Array.from(rows, (row) => variances[row]!)));
  return { mean: pooled([...variances.keys()]), interval: bootstrap(variances.length, pooled) };
}

function levelsOf(judged: readonly JudgedDraws[], [low, high]: Scale): JudgeLevel[] {
  const distinct = [...new Set(judged.map(({ human }) => human))].sort((a, b) => a - b);
  const parts = Array.from({ length: 5 }, (_, part) => low + ((high - low) * part) / 5);
  const partOf = (score: number) => parts.findLastIndex((from) => from <= score);
  const levels: (readonly [string, (score: number) => boolean])[] =
    distinct.length <= mostLevels
      ? distinct.map((score) => [String(score), (human) => human === score])
      : parts.map((from, part) => [
          `${short(from)} to ${short(parts[part + 1] ?? high)}`,
          (human) => partOf(human) === part,
        ]);
  return levels.flatMap(([level, holds]) => {
    const rows = judged.filter(({ human }) => holds(human));
    if (rows.length === 0) return [];
    const gaps = rows.map(({ human, scores }) => mean(scores) - human);
    return [
      {
        level,
        rows: rows.length,
        unreadable: rows.reduce((sum, { scores }) => sum + scores.filter(Number.isNaN).length, 0),
        bias: { mean: mean(gaps), interval: meanInterval(gaps) },
        noise: noiseOf(rows),
      },
    ];
  });
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function digits(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}

function intervalText({ interval: [low, high] }: Estimate): string {
  return Number.isFinite(low) ? `${digits(low)} to ${digits(high)}` : "–";
}
