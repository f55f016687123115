import type { AnySignature } from "../adapters/index.ts";
import { RequestFailure } from "./failure.ts";

/** A row as it was sent. */
export type SentRow = Readonly<Record<string, unknown>>;

const forms = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/**
 * The rows of a body of MLflow's scoring protocol, which holds exactly one of `dataframe_split`, `dataframe_records`,
 * `instances` and `inputs` (https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally). A value that has no
 * name is that of the only input.
 *
 * @throws RequestFailure 400 for any other body.
 */
export function invocationRows(body: unknown, signature: AnySignature): SentRow[] {
  if (!isRecord(body)) throw malformed("expected a JSON object");
  const given = forms.filter((form) => Object.hasOwn(body, form));
  const [form] = given;
  if (form === undefined || given.length > 1) {
    throw malformed(
      `expected exactly one of ${forms.join(", ")}; found ${given.join(" and ") || Object.keys(body).join(", ") || "nothing"}`,
    );
  }
  const value = body[form];
  if (form === "dataframe_split") return splitRows(value);
  if (form === "dataframe_records") return listOf(form, value).map((row) => recordOf(form, row));
  return form === "inputs" && isRecord(value)
    ? columnRows(value)
    : listOf(form, value).map((row) => (isRecord(row) ? row : onlyInput(signature, row)));
}

function splitRows(value: unknown): SentRow[] {
  if (!isRecord(value)) throw malformed("dataframe_split is an object with `columns` and `data`");
  const columns = listOf("dataframe_split.columns", value.columns).map(String);
  return listOf("dataframe_split.data", value.data).map((cells, index) => {
    const row = listOf(`dataframe_split.data[${index}]`, cells);
    if (row.length !== columns.length)
      throw malformed(
        `dataframe_split.data[${index}] has ${row.length} values for ${columns.length} columns`,
      );
    return Object.fromEntries(columns.map((column, place) => [column, row[place]]));
  });
}

/** Columns by name, each a list of equal length; or one row, where none is a list. */
function columnRows(columns: SentRow): SentRow[] {
  const entries = Object.entries(columns);
  if (entries.every(([, column]) => !Array.isArray(column))) return [columns];
  const lengths = new Set(entries.map(([, column]) => (Array.isArray(column) ? column.length : -1)));
  const [length] = lengths;
  if (length === undefined || lengths.size > 1 || length < 0)
    throw malformed("inputs: the columns are not lists of one length");
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(entries.map(([name, column]) => [name, (column as unknown[])[row]])),
  );
}

function onlyInput({ inputs }: AnySignature, value: unknown): SentRow {
  const [only] = inputs;
  if (!only || inputs.filter(({ type }) => type.kind !== "optional").length > 1)
    throw malformed(
      `each row names its inputs, for the program takes ${inputs.map(({ name }) => name).join(", ")}`,
    );
  return { [only.name]: value };
}

function listOf(name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(`${name} is a list`);
}

function recordOf(name: string, value: unknown): SentRow {
  if (isRecord(value)) return value;
  throw malformed(`${name} is a list of objects`);
}

function isRecord(value: unknown): value is SentRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(why: string): RequestFailure {
  return new RequestFailure(400, `malformed request: ${why}`);
}
