import { ConfigurationError, DataError, nearest } from "../core/index.ts";
import { Dataset, type TableLike } from "../data/index.ts";
import { closeness, type Judge, type Metric } from "../metrics/index.ts";
import { readNumber, valueOnScale } from "../metrics/numeric.ts";
import { agreement } from "./agreement.ts";
import type { EvaluateOptions } from "./evaluate.ts";
import { evaluateWhole } from "./evaluate-whole.ts";
import { type JudgedDraws, JudgeMeasures } from "./judge-measures.ts";

/** How {@link measureJudge} runs the judge. */
export interface MeasureJudgeOptions extends Omit<EvaluateOptions, "stages"> {
  /** How often each row is judged, 2 at least. Default 3. */
  draws?: number | undefined;
  /** The column with the person's score. Default `score`. */
  field?: string | undefined;
}

/**
 * Judges the rows that a person scored several times each, and tells how far the judge is off (bias), how far it is from
 * itself (noise), and how far it agrees with the person; see {@link JudgeMeasures}. Rows without a person's score are
 * left out, and counted.
 *
 * Draws are by the judge's own settings: what is always asked at temperature 0 shows little noise, and is as noisy as it
 * shows. Each draw asks anew; the first may come from the cache.
 *
 * ```ts
 * const measures = await measureJudge(new Relevance(), scored, { draws: 5 });
 * measures.bias; // { mean: 0.4, interval: [0.1, 0.7] }: on a scale from 1 to 5
 * ```
 *
 * Throws DataError for a column that is not there and for a person's score off the scale, ConfigurationError where no row
 * has one, UnreachableError where outages stopped it, and an aborted signal's reason.
 */
export async function measureJudge(
  judge: Judge<never>,
  data: TableLike,
  { draws = 3, field = "score", rollout: first = 0, ...options }: MeasureJudgeOptions = {},
): Promise<JudgeMeasures> {
  if (!(Number.isInteger(draws) && draws >= 2))
    throw new ConfigurationError(`invalid draws: ${draws}, expected a whole number of at least 2`);
  const { range } = judge;
  const name = options.name ?? judge.constructor.name;
  const all = Dataset.from(data);
  if (!all.columns.includes(field)) {
    const guess = nearest(field, all.columns);
    throw new DataError(
      `no such column, which is to hold a person's scores${guess === undefined ? "" : `; did you mean "${guess}"?`} ` +
        `(there are: ${all.columns.join(", ")})`,
      { column: field },
    );
  }
  const rows = all.filter((row) => isScored(row[field]));
  const human = rows.rows().map((row) => valueOnScale(field, row, range));
  if (human.length === 0)
    throw new ConfigurationError(
      `no row has a person's score in "${field}"; a judge is measured by such rows`,
    );

  const metric: Metric<object, { score: unknown }> = (row, { score }, context) =>
    closeness(field, { range })(row, { [field]: score }, context);
  const judged: JudgedDraws[] = human.map((score) => ({ human: score, scores: [] }));
  let outages = 0;
  for (let draw = 0; draw < draws; draw++) {
    const rollout = first + draw;
    const evaluation = await evaluateWhole(judge, rows, metric, {
      ...options,
      name: `${name}, draw ${draw + 1} of ${draws}`,
      ...(rollout > 0 && { rollout }),
    });
    for (const { index, status, outputs } of evaluation.rows) {
      if (status === "outage") outages++;
      else judged[index]!.scores.push(status === "scored" ? readNumber(outputs?.score) : NaN);
    }
  }
  const answered = judged.filter(({ scores }) => scores.length > 0);
  if (answered.length === 0)
    throw new ConfigurationError(`${name} answered no row; it met ${outages} outages`);
  return new JudgeMeasures({
    name,
    range,
    draws,
    judged: answered,
    unscored: all.length - rows.length,
    outages,
    agreement: agreement(
      answered.map(({ scores }) => scores),
      answered.map(({ human }) => human),
      { range },
    ),
  });
}

/** False for what a table has where nobody gave a score; what is no score is told of as such. */
function isScored(value: unknown): boolean {
  return !(
    value === undefined ||
    value === null ||
    Number.isNaN(value) ||
    (typeof value === "string" && value.trim() === "")
  );
}
