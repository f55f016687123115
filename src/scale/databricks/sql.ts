import type { AnySignature } from "../../adapters/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import type { Module } from "../../modules/index.ts";
import { quoted, quotedText } from "../spark/sql.ts";
import { sparkType } from "../spark/spark-type.ts";

/** A name of Unity Catalog, `catalog.schema.table`, as SQL. */
function qualified(name: string): string {
  return name.split(".").map(quoted).join(".");
}

/** Columns of {@link deltaSourceTable} beside its key, by name: their types in SQL. */
export type SourceColumns = Readonly<Record<string, string>>;

const plainType = /^[A-Z]+(\(\d+(, ?\d+)?\))?$|^ARRAY<[A-Z]+>$/i;

/**
 * The SQL that makes the Delta table an index follows: with its change feed on, from which the index takes what
 * changed (docs.databricks.com, "Use Delta Lake change data feed on Databricks").
 *
 * @param columns default: `text STRING, groups ARRAY<STRING>`.
 */
export function deltaSourceTable(
  name: string,
  columns: SourceColumns = { text: "STRING", groups: "ARRAY<STRING>" },
  key = "id",
): string {
  const listed = Object.entries(columns).map(([column, type]) => {
    if (!plainType.test(type)) throw new ConfigurationError(`invalid type of "${column}": ${type}`);
    return `  ${quoted(column)} ${type}`;
  });
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(name)} (`,
    [`  ${quoted(key)} STRING NOT NULL PRIMARY KEY`, ...listed].join(",\n"),
    `) USING DELTA TBLPROPERTIES (delta.enableChangeDataFeed = true)`,
  ].join("\n");
}

/** Options of {@link aiQuery}. */
export interface AiQueryOptions {
  /** Table with a column for each input of the program. */
  from: string;
  /** Table to write into; default: the query alone. */
  into?: string | undefined;
  /** Put before the names of the columns that are added, where the table has such names already. Default: nothing. */
  prefix?: string | undefined;
}

/**
 * The SQL that runs a program, served as an endpoint, over a table: one row more for each row of the table, with the
 * program's outputs and `error`, which holds what went wrong with the row (docs.databricks.com, "ai_query function").
 * Where the table has a column of such a name, the query is refused as ambiguous when it runs, which names the column;
 * `prefix` keeps them apart.
 *
 * @throws ConfigurationError where an input or another output has the name of a column that is added.
 */
export function aiQuery(
  program: Module | AnySignature,
  endpoint: string,
  { from, into, prefix = "" }: AiQueryOptions,
): string {
  const { inputs, outputs } = "signature" in program ? program.signature : program;
  const request = inputs.map(({ name }) => `${quotedText(name)}, t.${quoted(name)}`).join(", ");
  const type = outputs.map(({ name, type }) => `${quoted(name)}: ${sparkType(type)}`).join(", ");
  const added = [
    ...outputs.map(({ name }) => ({ name: `${prefix}${name}`, value: `answer.result.${quoted(name)}` })),
    { name: `${prefix}error`, value: "answer.errorMessage" },
  ];
  refuseClashes(
    inputs.map(({ name }) => name),
    added.map(({ name }) => name),
  );
  const answered =
    `SELECT struct(t.*) AS source, ai_query(${quotedText(endpoint)}, named_struct(${request}), ` +
    `returnType => ${quotedText(`STRUCT<${type}>`)}, failOnError => false) AS answer\n    FROM ${qualified(from)} t`;
  const columns = added.map(({ name, value }) => `${value} AS ${quoted(name)}`).join(", ");
  const names = added.map(({ name }) => quoted(name)).join(", ");
  const query =
    `SELECT * FROM (\n  SELECT source.*, ${columns}\n  FROM (\n    ${answered}\n  )\n)\n` +
    // Always true, but ambiguous where the table has one of these columns too.
    `WHERE struct(${names}) IS NOT NULL`;
  return into === undefined ? query : `CREATE OR REPLACE TABLE ${qualified(into)} AS\n${query}`;
}

/** Names are the same to Spark in upper and lower case. */
function refuseClashes(inputs: readonly string[], added: readonly string[]): void {
  const taken = new Map(inputs.map((name) => [name.toLowerCase(), "an input, and so a column of the table"]));
  for (const name of added) {
    const other = taken.get(name.toLowerCase());
    if (other !== undefined)
      throw new ConfigurationError(
        `the column "${name}" would be there twice: it is also ${other}; give a prefix for the columns that are added, ` +
          `as in { prefix: "model_" }, or rename the field`,
      );
    taken.set(name.toLowerCase(), "an output of the program");
  }
}
