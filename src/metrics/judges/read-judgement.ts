import { coerce, coerceText, Misfit } from "../../adapters/coerce.ts";
import { readWhole, unreadable } from "../../adapters/json-reader.ts";
import type { AnySignature } from "../../adapters/index.ts";
import { ParseError, redact } from "../../core/index.ts";
import type { FieldType } from "../../signature/index.ts";
import type { Scale } from "../numeric.ts";
import type { Judgement } from "./judge.ts";

/** The columns of a prediction that hold a judgement. */
export interface JudgementColumns {
  /** Default `score`. */
  score?: string | undefined;
  /** Default `rationale`; where a prediction has none, the rationale is empty. */
  rationale?: string | undefined;
}

/**
 * The judgement in what a scoring server predicts for one row: a number or its text; a record, also as JSON text, whose
 * columns hold score and rationale; a list of the signature's outputs in their order; or a list of one of these.
 *
 * Throws ParseError for anything else, and for a score that is not of its type or off the scale.
 */
export function readJudgement(
  prediction: unknown,
  { outputs }: AnySignature,
  [low, high]: Scale,
  { score: scoreColumn = "score", rationale: rationaleColumn = "rationale" }: JudgementColumns = {},
): Judgement {
  const wrong = (why: string) => {
    const completion = redact(JSON.stringify(prediction) ?? "");
    return new ParseError(`${why}: ${completion.slice(0, 300)}`, { completion, field: "score" });
  };
  if (Array.isArray(prediction) && prediction.length !== 1)
    throw wrong(`the server gave ${prediction.length} predictions for one row`);
  const value = single(readText(single(prediction)));
  let found: { score?: unknown; rationale?: unknown } = { score: value };
  if (Array.isArray(value)) {
    const names = outputs.map(({ name }) => name);
    found = Object.fromEntries(names.map((name, place) => [name, value[place] as unknown]));
    // Numbers alone, such as the probabilities of classes, are no judgement.
    if (value.length !== names.length || typeof (found.rationale ?? "") !== "string")
      throw wrong(`the prediction is a list, and not of ${names.join(", ")}`);
  } else if (typeof value === "object" && value !== null) {
    const members = value as Record<string, unknown>;
    if (!Object.hasOwn(members, scoreColumn)) throw wrong(`the prediction has no "${scoreColumn}"`);
    found = { score: single(members[scoreColumn]), rationale: single(members[rationaleColumn]) };
  }
  const score = numberOf(outputs.find(({ name }) => name === "score")!.type, found.score);
  if (score === undefined) throw wrong(`the prediction holds no score from ${low} to ${high}`);
  if (score < low || score > high) throw wrong(`the score ${score} is off the scale from ${low} to ${high}`);
  const said = found.rationale ?? "";
  return { score, rationale: typeof said === "string" ? said : JSON.stringify(said) };
}

/** What is alone in a list: a table of one row may come as lists by column. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
}

/** A list or an object that came as JSON text; else the value as it is. */
function readText(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const read = readWhole(value);
  return read === unreadable ? value : read;
}

function numberOf(type: FieldType, value: unknown): number | undefined {
  try {
    const read = typeof value === "string" ? coerceText(type, value) : coerce(type, value);
    return typeof read === "number" ? read : undefined;
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}
