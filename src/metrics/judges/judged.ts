import { isUnreadable } from "../../core/index.ts";
import { type CallSettings, programIdentity, type ProgramInputs } from "../../modules/index.ts";
import { columnOf, fieldMetric, outputOf } from "../field-metric.ts";
import type { Metric } from "../metric.ts";
import { goodness, type Judge } from "./judge.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Named = Readonly<Record<string, any>>;

/**
 * Makes a judge a metric: 1 is the good end of its scale and 0 the bad one, whichever its direction, and its rationale
 * is the feedback. A reply of the judge that cannot be read scores 0, and the feedback says so.
 *
 * ```ts
 * judged(new Faithfulness(), (row, { retrieved_context, answer }) => ({ context: retrieved_context, answer }))
 * ```
 *
 * @param inputs - what the judge is given of a row and the program's outputs. Default: each input by its name, from
 *   the outputs, else from the row.
 * @param settings - for the judge's calls: its model, say. Default: the model in force, also where the program runs on
 *   another. Its calls are not counted among the program's.
 */
export function judged<J extends Judge<never>, Row extends object = Named, Outputs extends object = Named>(
  judge: J,
  inputs?: (row: Row, outputs: Outputs) => ProgramInputs<J>,
  settings?: CallSettings,
): Metric<Row, Outputs> {
  const name = judge.constructor.name;
  const score = async (row: Row, outputs: Outputs) => {
    const given = inputs ? inputs(row, outputs) : (byName(judge, row, outputs) as ProgramInputs<J>);
    try {
      const { score, rationale } = await (judge as unknown as Judge).call(given as object, settings);
      const [low, high] = judge.range;
      return {
        score: goodness(judge, score),
        feedback: `${name} ${score} (${low} to ${high}, ${judge.direction} is better)${rationale && `: ${rationale}`}`,
      };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return { score: 0, feedback: `${name}: the judge's reply could not be read: ${error.message}` };
    }
  };
  const identity = [programIdentity(judge), judge.range, judge.direction, String(inputs), told(settings)];
  return fieldMetric(`${name}, judged`, undefined, identity, score as never);
}

/** Settings as far as they tell one judgement from another: a model by its identity, a principal by its groups. */
function told({ lm, adapter, principal, signal: _, cache: __, ...members }: CallSettings = {}) {
  return {
    ...members,
    lm: lm?.identity,
    adapter: adapter?.name,
    groups: principal && [...new Set(principal.groups)].sort(),
  };
}

function byName(judge: Judge<never>, row: object, outputs: object): object {
  const entries = judge.signature.inputs
    .filter(({ name, type }) => type.kind !== "optional" || name in outputs || name in row)
    .map(({ name }) => [name, name in outputs ? outputOf(name, outputs) : columnOf(name, row)]);
  return Object.fromEntries(entries) as object;
}
