import { ConfigurationError, DataError, nearest } from "../../core/index.ts";
import { Dataset } from "../../data/index.ts";
import type { ModelKind, RegisteredModel } from "./registered-model.ts";

type Reader = (value: unknown, column: string, row: number) => unknown;

const kinds: readonly ModelKind[] = ["chat", "completion", "embedding"];

const positive: Reader = (value, column, row) => {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0)
    throw new DataError(`found ${JSON.stringify(value)}, expected a number of 0 or more`, { column, row });
  return number;
};
const text: Reader = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const flag: Reader = (value, column, row) => {
  if (typeof value === "boolean") return value;
  throw new DataError(`found ${JSON.stringify(value)}, expected true or false`, { column, row });
};
const kind: Reader = (value, column, row) => {
  if (kinds.includes(value as ModelKind)) return value;
  throw new DataError(`found ${JSON.stringify(value)}, expected ${kinds.join(", ")}`, { column, row });
};

/** How each column is read, and where it stands in a model. */
const columns: Readonly<Record<string, { read: Reader; path: readonly string[] }>> = {
  name: { read: text, path: ["name"] },
  kind: { read: kind, path: ["kind"] },
  context: { read: positive, path: ["context"] },
  parameters: { read: positive, path: ["parameters"] },
  input_price: { read: positive, path: ["price", "input"] },
  output_price: { read: positive, path: ["price", "output"] },
  cached_input_price: { read: positive, path: ["price", "cachedInput"] },
  first_token_seconds: { read: positive, path: ["speed", "firstToken"] },
  tokens_per_second: { read: positive, path: ["speed", "tokensPerSecond"] },
  json_schema: { read: flag, path: ["abilities", "jsonSchema"] },
  tools: { read: flag, path: ["abilities", "tools"] },
  logprobs: { read: flag, path: ["abilities", "logprobs"] },
  base_url: { read: text, path: ["baseURL"] },
  key_variable: { read: text, path: ["keyVariable"] },
};

/** The models of a table; see `ModelRegistry.read`. */
export async function readModels(path: string): Promise<RegisteredModel[]> {
  const rows = await Dataset.read(path, { types: { name: "string" } });
  for (const column of rows.columns) {
    if (Object.hasOwn(columns, column)) continue;
    if (/key|secret|password|^token$/i.test(column)) {
      throw new ConfigurationError(
        `${path} has a column "${column}"; keys stay out of files: name the environment variable that holds the key ` +
          `in a column key_variable`,
      );
    }
    const guess = nearest(column, Object.keys(columns));
    throw new DataError(
      `a table of models has no such column${guess ? `; did you mean "${guess}"?` : `; expected ${Object.keys(columns).join(", ")}`}`,
      { file: path, column },
    );
  }
  return [...rows].map((row, index) => readModel(row, index + 1));
}

function readModel(row: Readonly<Record<string, unknown>>, place: number): RegisteredModel {
  const model: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    if (value === null || value === undefined || value === "") continue;
    const { read, path } = columns[column]!;
    const [outer, inner] = path as [string, string?];
    const found = read(value, column, place);
    if (inner === undefined) model[outer] = found;
    else model[outer] = { ...(model[outer] as object | undefined), [inner]: found };
  }
  if (typeof model.name !== "string") throw new DataError("a model has no name", { row: place });
  for (const [group, members] of Object.entries({
    price: ["input", "output"],
    speed: ["firstToken", "tokensPerSecond"],
  })) {
    const given = model[group] as Record<string, unknown> | undefined;
    const missing = members.filter((member) => given && !(member in given));
    if (missing.length > 0)
      throw new DataError(`the ${group} of "${model.name}" is not whole: ${missing.join(", ")} is missing`, {
        row: place,
      });
  }
  return model as unknown as RegisteredModel;
}
