import {
  ConfigurationError,
  display,
  type Displayable,
  mapOrdered,
  type MimeBundle,
  ParseError,
  startProgress,
} from "../../core/index.ts";
import { Dataset, type Row, type TableLike } from "../../data/index.ts";
import { mean } from "../../evaluate/index.ts";
import type { LanguageModel } from "../../lm/index.ts";
import { usageOf } from "../../lm/index.ts";
import { type Metric, readScore } from "../../metrics/index.ts";
import { type Module, rowsAtOnce } from "../../modules/index.ts";
import { inputColumns, pick, runRow } from "../../modules/run-row.ts";
import { type Chart, costScoreChart } from "../../reports/index.ts";
import { askedSurely, type Cascade } from "./cascade.ts";
import { runConfidence } from "./confidence.ts";

/** What a cascade reaches with a threshold. */
export interface CascadePoint {
  threshold: number;
  /** Mean over the rows. */
  score: number;
  /** US dollars a row. */
  cost: number;
  /** Share of the rows that each model answered, from small to large. */
  shares: readonly number[];
}

/** What each model reaches alone. */
export interface ModelPoint {
  name: string;
  score: number;
  cost: number;
}

/** What one model made of one row. */
interface Try {
  score: number;
  cost: number;
  /** Undefined where the answer could not be read or the model does not tell. */
  confidence: number | undefined;
}

/** Cost against score of a cascade, over its threshold. Shown in a cell as a chart. */
export class CascadeCurve implements Displayable {
  /** From the cheapest on. */
  readonly points: readonly CascadePoint[];
  readonly alone: readonly ModelPoint[];
  readonly #cascade: Cascade;

  /** @internal */
  constructor(cascade: Cascade, tries: readonly (readonly Try[])[]) {
    this.#cascade = cascade;
    this.alone = cascade.models.map(({ name }, place) => ({
      name,
      score: mean(tries.map((row) => row[place]!.score)),
      cost: mean(tries.map((row) => row[place]!.cost)),
    }));
    const last = cascade.models.length - 1;
    const sure = tries.flatMap((row) => row.slice(0, last).flatMap(({ confidence }) => confidence ?? []));
    const thresholds = [...new Set([0, ...sure.map((value) => Math.min(1, value + Number.EPSILON))])];
    this.points = thinned(thresholds.sort((a, b) => a - b)).map((threshold) => point(tries, threshold));
  }

  /**
   * The cheapest cascade whose score is within a share of the best that any model or threshold reaches on these rows.
   *
   * @param within default 0.01.
   */
  choose(within = 0.01): { cascade: Cascade; point: CascadePoint } {
    const wanted = Math.max(...[...this.points, ...this.alone].map(({ score }) => score)) * (1 - within);
    const good = this.points.filter(({ score }) => score >= wanted);
    // Where none is good enough by a rounding error, the one that asks the most is.
    const found = good.length > 0 ? good : this.points.slice(-1);
    const chosen = found.reduce((best, one) => (one.cost < best.cost ? one : best));
    return { cascade: this.#cascade.withThreshold(chosen.threshold), point: chosen };
  }

  /** Cost of a row against score, thresholds beside the models alone. */
  chart(): Chart {
    const shown = thinned(this.points, 12).map(({ threshold, ...rest }) => ({
      name: `≥ ${Number(threshold.toPrecision(2))}`,
      ...rest,
    }));
    return costScoreChart([...this.alone, ...shown], {
      title: "A cascade's score over its cost",
      cost: "US dollars a row",
    });
  }

  [display](): MimeBundle {
    return this.chart()[display]();
  }
}

/**
 * Measures a cascade over all its thresholds at once: every model answers every row alone, and what a cascade would have made of
 * them follows exactly, for it runs the whole program again with each model. The cache is passed by, for an answer from
 * it costs nothing.
 *
 * @throws ConfigurationError where a model's price is not known, and the outage of a row that could not be answered.
 */
export async function cascadeCurve<R extends object = Row>(
  cascade: Cascade,
  data: TableLike<R>,
  metric: Metric,
  options: { concurrency?: number; signal?: AbortSignal } = {},
): Promise<CascadeCurve> {
  const rows = Dataset.from(data as TableLike);
  const names = inputColumns(cascade, rows.columns);
  const { models, program } = cascade;
  const { concurrency = rowsAtOnce({ lm: models[0] }), signal } = options;
  const progress = startProgress("cascade", rows.length * models.length);
  const tries: Try[][] = [];
  const work = async (row: Row): Promise<Try[]> => {
    const found: Try[] = [];
    for (const model of models) {
      found.push(await attempt(program, model, row, pick(row, names), metric, signal));
      progress.advance(1);
    }
    return found;
  };
  try {
    for await (const row of mapOrdered(rows, work, { concurrency, signal })) tries.push(row);
  } finally {
    progress.end();
  }
  if (tries.length === 0) throw new ConfigurationError("a cascade cannot be measured on no rows");
  return new CascadeCurve(cascade, tries);
}

async function attempt(
  program: Module,
  lm: LanguageModel,
  row: Row,
  inputs: Row,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<Try> {
  const settings = { ...askedSurely(lm), signal, cache: false };
  const { outputs, error, spans } = await runRow(program, inputs, settings);
  const { cost } = usageOf(spans);
  if (cost === null)
    throw new ConfigurationError(`the price of "${lm.name}" is not known: give the model its \`price\``);
  if (error === undefined) {
    const { score } = readScore(await metric(row as never, outputs as never, { trace: spans }));
    return { score, cost, confidence: runConfidence(spans) };
  }
  if (!(error instanceof ParseError)) throw error as Error;
  return { score: 0, cost, confidence: undefined };
}

function point(tries: readonly (readonly Try[])[], threshold: number): CascadePoint {
  const counts = tries[0]!.map(() => 0);
  let [score, cost] = [0, 0];
  for (const row of tries) {
    const sure = row.findIndex(({ confidence }) => confidence !== undefined && confidence >= threshold);
    const answered = sure < 0 ? row.length - 1 : sure;
    counts[answered]!++;
    score += row[answered]!.score;
    for (const asked of row.slice(0, answered + 1)) cost += asked.cost;
  }
  const rows = tries.length;
  return { threshold, score: score / rows, cost: cost / rows, shares: counts.map((count) => count / rows) };
}

/** Evenly spaced ones of a long list, its ends among them. */
function thinned<T>(items: readonly T[], most = 200): T[] {
  if (items.length <= most) return [...items];
  return Array.from(
    { length: most },
    (_, place) => items[Math.round((place * (items.length - 1)) / (most - 1))]!,
  );
}
