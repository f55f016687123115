import { ConfigurationError, nearest } from "../../core/index.ts";
import type { FieldCondition, Filter, FilterValue } from "../../modules/index.ts";
import type { KnownField } from "./manifest.ts";

/**
 * A filter as the SQL of a partition with these fields. Names become the columns they are known by, and values
 * quoted literals: nothing of a filter is ever part of the statement. A field that the partition does not have is
 * missing from all its documents. The empty text where everything is wanted.
 */
export function filterSql(filter: Filter, fields: readonly KnownField[]): string {
  return Object.entries(filter)
    .map(([name, condition]) =>
      conditionSql(
        condition,
        fields.filter((field) => field.name === name),
      ),
    )
    .join(" AND ");
}

/** One value after another in a form that cannot be mistaken: the members of `IN (…)`. */
export function literals(values: readonly FilterValue[]): string {
  return values.map(literal).join(", ");
}

/**
 * Throws ConfigurationError where a filter is not one, or asks for a field that none of `names` is, with the nearest
 * of them.
 */
export function checkFilter(filter: Filter, names: ReadonlySet<string>): void {
  for (const [name, condition] of Object.entries(filter)) {
    checkCondition(name, condition);
    if (names.has(name)) continue;
    const near = nearest(name, names);
    throw new ConfigurationError(
      `invalid filter: no document has a field ${JSON.stringify(name)}` +
        (near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`) +
        ` (fields: ${[...names].join(", ") || "none"})`,
    );
  }
}

const bounds = ["not", "in", "min", "max"];

function checkCondition(name: string, condition: FieldCondition): void {
  const invalid = (found: unknown) =>
    new ConfigurationError(
      `invalid filter: ${JSON.stringify(name)} cannot be ${describe(found)}; expected a text, a finite number, ` +
        "true, false, null, or { not, in, min, max }",
    );
  const checkValue = (value: unknown) => {
    if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return;
    throw invalid(value);
  };
  if (condition === null) return;
  if (typeof condition !== "object" || Array.isArray(condition)) return checkValue(condition);
  for (const [bound, value] of Object.entries(condition) as [string, unknown][]) {
    if (!bounds.includes(bound)) {
      const near = nearest(bound, bounds);
      throw new ConfigurationError(
        `invalid filter: ${JSON.stringify(name)} has a condition ${JSON.stringify(bound)}` +
          `${near === undefined ? "" : `; did you mean "${near}"?`} (conditions: ${bounds.join(", ")})`,
      );
    }
    if (bound === "in") {
      if (!Array.isArray(value)) throw invalid(condition);
      value.forEach(checkValue);
    } else if ((bound === "min" || bound === "max") && typeof value === "boolean") throw invalid(condition);
    else if (!(value === undefined || (bound === "not" && value === null))) checkValue(value);
  }
}

function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** The columns are those of one field, one for each type its values have. */
function conditionSql(condition: FieldCondition, columns: readonly KnownField[]): string {
  if (condition === null) return missing(columns);
  if (typeof condition !== "object") return equals(condition, columns);
  const { not, in: choices, min, max } = condition;
  const parts = [
    not === undefined ? undefined : not === null ? `NOT ${missing(columns)}` : differs(not, columns),
    choices === undefined ? undefined : oneOf(choices, columns),
    min === undefined ? undefined : compared(">=", min, columns),
    max === undefined ? undefined : compared("<=", max, columns),
  ];
  return both(parts.filter((part) => part !== undefined));
}

const both = (parts: readonly string[]) => (parts.length === 0 ? "true" : `(${parts.join(" AND ")})`);

const missing = (columns: readonly KnownField[]) => both(columns.map(({ column }) => `${column} IS NULL`));

const equals = (value: FilterValue, columns: readonly KnownField[]) => compared("=", value, columns);

/** A document that misses the field differs from every value of it. */
const differs = (value: FilterValue, columns: readonly KnownField[]) =>
  `NOT coalesce(${equals(value, columns)}, false)`;

function compared(operator: "=" | ">=" | "<=", value: FilterValue, columns: readonly KnownField[]): string {
  const field = columns.find(({ type }) => type === typeof value);
  return field ? `${field.column} ${operator} ${literal(value)}` : "false";
}

/** A list, for a chain of `OR` as long as someone likes would be a tree as deep. */
function oneOf(choices: readonly FilterValue[], columns: readonly KnownField[]): string {
  const parts = columns.flatMap(({ column, type }) => {
    const values = choices.filter((value) => typeof value === type);
    return values.length === 0 ? [] : [`${column} IN (${literals(values)})`];
  });
  return parts.length === 0 ? "false" : `(${parts.join(" OR ")})`;
}

function literal(value: FilterValue): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
