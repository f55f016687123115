import type { AnySignature } from "../../adapters/index.ts";
import type { FieldType, LiteralValue } from "../../signature/index.ts";

/** A column as MLflow's model signature spells its type (https://mlflow.org/docs/latest/model/signatures). */
export type ColumnSpec = Readonly<Record<string, unknown>> & { readonly type: string };

/** What a program takes and gives, as the texts an MLmodel file holds. */
export function modelSignature({ inputs, outputs }: AnySignature): {
  inputs: string;
  outputs: string;
  params: null;
} {
  const given = inputs.map(({ name, type }) => ({
    ...inputSpec(type),
    name,
    required: type.kind !== "optional",
  }));
  // A row that failed has no outputs. MLflow's Spark function then needs a type that holds a missing number.
  const answered = outputs.map(({ name, type }) => {
    const spec = columnSpec(type);
    return { ...spec, type: spec.type === "long" ? "double" : spec.type, name, required: false };
  });
  const error = { type: "string", name: "error", required: false };
  return { inputs: JSON.stringify(given), outputs: JSON.stringify([...answered, error]), params: null };
}

/**
 * A column of the input. Beside one that is declared as a list or an object, MLflow takes `instances` and `inputs` by
 * column for a single row of whole columns; the worker checks these itself, row by row.
 */
function inputSpec(type: FieldType): ColumnSpec {
  const spec = columnSpec(type);
  return spec.type === "array" || spec.type === "object" ? { type: "any" } : spec;
}

function columnSpec(type: FieldType): ColumnSpec {
  switch (type.kind) {
    case "string":
    case "boolean":
      return { type: type.kind };
    case "integer":
      return { type: "long" };
    case "number":
      return { type: "double" };
    case "literal":
      return literalSpec(type.values);
    case "list":
      return { type: "array", items: columnSpec(type.item) };
    case "record":
      return { type: "map", values: columnSpec(type.value) };
    case "object":
      return {
        type: "object",
        properties: Object.fromEntries(
          type.fields.map((field) => [
            field.name,
            { ...columnSpec(field.type), required: !field.optional && field.type.kind !== "optional" },
          ]),
        ),
      };
    case "optional": {
      const inner = columnSpec(type.inner);
      // A column of a table with cells missing has neither whole numbers nor truth values.
      if (inner.type === "long") return { type: "double" };
      return inner.type === "boolean" ? { type: "any" } : inner;
    }
    default:
      return { type: "any" };
  }
}

function literalSpec(values: readonly LiteralValue[]): ColumnSpec {
  if (values.every((value) => typeof value === "string")) return { type: "string" };
  if (values.every((value) => typeof value === "boolean")) return { type: "boolean" };
  if (values.every((value) => typeof value === "number")) {
    return { type: values.every((value) => Number.isInteger(value)) ? "long" : "double" };
  }
  return { type: "any" };
}
