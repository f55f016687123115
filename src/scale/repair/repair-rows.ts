import { createHash } from "node:crypto";
import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import type { SparkFrame, SparkSession } from "../spark/index.ts";

/** A problem that a checker found in a file, and what mends it. */
export interface RepairRow {
  /** Whose code it is; training and test rows never come from the same one. */
  repository: string;
  /** Text of the file. */
  code_file: string;
  /** Line of the problem, from 1. */
  error_line: number;
  /** What the checker says, its code first: `TS2304 Cannot find name 'foo'.` */
  error_message: string;
  /** What mends it; null where the checker knows nothing. */
  code_action: string | null;
}

/** How rows become training data. */
export interface RepairOptions {
  /** Codes of problems that are left out, as they are of form and not of code. Default `E501`, `I001`. */
  dropped?: readonly string[];
  /** Shares of the parts; together 1. Default: train 0.8, val 0.1, test 0.1. */
  parts?: Readonly<Record<string, number>>;
}

const needed = ["repository", "code_file", "error_line", "error_message", "code_action"] as const;

/** Where the parts of a split end, between 0 and 1. */
type Bounds = readonly (readonly [part: string, end: number])[];

function settled({
  dropped = ["E501", "I001"],
  parts = { train: 0.8, val: 0.1, test: 0.1 },
}: RepairOptions): {
  pattern: string;
  bounds: Bounds;
} {
  const odd = dropped.find((code) => !/^\w+$/.test(code));
  if (odd !== undefined) throw new ConfigurationError(`invalid code of a problem: ${JSON.stringify(odd)}`);
  let end = 0;
  const bounds = Object.entries(parts).map(([part, share]) => [part, (end += share)] as const);
  if (bounds.length === 0 || Math.abs(end - 1) > 1e-9 || Object.values(parts).some((share) => !(share > 0))) {
    throw new ConfigurationError(
      `invalid parts: ${JSON.stringify(parts)}, expected shares above 0 that add up to 1`,
    );
  }
  // Where none is dropped, what no text has.
  return { pattern: dropped.length === 0 ? "(?!)" : `^\\W*(${dropped.join("|")})\\b`, bounds };
}

/**
 * Training rows for code repair, in memory: without those that nothing mends or whose code is dropped, each once, and
 * with a column `part`. What has no message has no code either, and stays. {@link repairFrame} does the same on Spark, row for row.
 *
 * A file that several repositories hold counts as that of the first by name, and parts are dealt out by repository: so
 * neither a repository nor a copy of a file is on both sides.
 */
export function repairRows(
  data: TableLike<RepairRow>,
  options: RepairOptions = {},
): Dataset<RepairRow & { part: string }> {
  const { pattern, bounds } = settled(options);
  const rows = Dataset.from(data as TableLike) as unknown as Dataset<RepairRow>;
  checkColumns(rows.columns);
  const dropped = new RegExp(pattern);
  const kept = rows.filter(
    ({ code_action, error_message }) => code_action !== null && !dropped.test(error_message ?? ""),
  );
  const owner = new Map<string, string>();
  for (const { code_file, repository } of kept) {
    const known = owner.get(code_file);
    if (known === undefined || Buffer.compare(Buffer.from(repository), Buffer.from(known)) < 0) {
      owner.set(code_file, repository);
    }
  }
  return kept
    .select(...needed)
    .derive({ repository: ({ code_file }) => owner.get(code_file)! })
    .distinct()
    .derive({ part: ({ repository }) => partOf(repository, bounds) });
}

/** {@link repairRows} of a frame on Spark, worked out by the cluster: write it with `writeParquet`. */
export async function repairFrame(
  spark: SparkSession,
  rows: SparkFrame,
  options: RepairOptions = {},
): Promise<SparkFrame> {
  const { pattern, bounds } = settled(options);
  checkColumns(await rows.columns());
  const names = Object.fromEntries(bounds.map(([part], at) => [`part${at}`, part]));
  const cases = bounds
    .slice(0, -1)
    .map(([, end], at) => `WHEN place < CAST(${end} AS DOUBLE) THEN :part${at}`);
  const otherwise = `:part${bounds.length - 1}`;
  const part = cases.length === 0 ? otherwise : `CASE ${cases.join(" ")} ELSE ${otherwise} END`;
  return await spark.sql(
    `SELECT repository, code_file, error_line, error_message, code_action, ${part} AS part FROM (
       SELECT *, conv(substr(sha2(repository, 256), 1, 8), 16, 10) / 4294967296D AS place FROM (
         SELECT DISTINCT min(repository) OVER (PARTITION BY code_file) AS repository,
           code_file, error_line, error_message, code_action
         FROM rows WHERE code_action IS NOT NULL AND NOT coalesce(error_message RLIKE :pattern, false)))`,
    { from: { rows }, values: { ...names, pattern } },
  );
}

function partOf(repository: string, bounds: Bounds): string {
  const place = createHash("sha256").update(repository).digest().readUInt32BE(0) / 2 ** 32;
  return (bounds.slice(0, -1).find(([, end]) => place < end) ?? bounds.at(-1)!)[0];
}

function checkColumns(columns: readonly string[]): void {
  for (const column of needed) {
    if (!columns.includes(column)) {
      throw new DataError(`is missing; the rows have ${columns.join(", ")}`, { column });
    }
  }
}
