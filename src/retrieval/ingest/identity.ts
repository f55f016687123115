import { createHash } from "node:crypto";
import { DataError } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";

/** What names the rows of a table: a column, or their whole content. */
export type Identity = { readonly column: string } | "content";

/** Names that say that a column names its rows. */
const idName = /(^|[_\s-])(id|ident|identifier|key|uuid|guid|code|nr|no|number)$/i;

/**
 * What names the rows of `data`: the column `id`, else a column of texts or whole numbers other than `text` in which
 * no value is missing or comes twice (one that is named like an id before others), else the content.
 *
 * @throws DataError where there is no column `id`, or it does not tell the rows apart.
 */
export function identityOf(data: Dataset, text: string, id: string | undefined): Identity {
  if (id !== undefined) {
    checkUnique(data, id);
    return { column: id };
  }
  const candidates = data.schema
    .filter(({ name, type, nulls }) => name !== text && nulls === 0 && /^(string|integer)$/.test(type))
    .map(({ name }) => name);
  const column = [...candidates.filter((name) => idName.test(name)), ...candidates].find(
    (name) => data.length > 0 && new Set(data.column(name)).size === data.length,
  );
  return column === undefined ? "content" : { column };
}

function checkUnique(data: Dataset, column: string): void {
  const rows = new Map<unknown, number>();
  for (const [index, value] of data.column(column).entries()) {
    const place = { file: data.source, row: index + 1, column };
    if (value === null || value === "") throw new DataError("has no id", place);
    const first = rows.get(value);
    if (first !== undefined)
      throw new DataError(`has the id ${JSON.stringify(value)}, as row ${first} has; ids must differ`, place);
    rows.set(value, index + 1);
  }
}

/**
 * Names rows one after another. By content, a row's id is a hash of it, and rows of the same content are told apart
 * by a running number: `3f2a…`, `3f2a…-2`.
 */
export function rowNamer(identity: Identity): (row: Readonly<Record<string, unknown>>) => string {
  if (identity !== "content") return (row) => String(row[identity.column]);
  const seen = new Map<string, number>();
  return (row) => {
    const members = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1));
    const hash = createHash("sha256").update(JSON.stringify(members)).digest("hex").slice(0, 24);
    const count = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, count);
    return count === 1 ? hash : `${hash}-${count}`;
  };
}
