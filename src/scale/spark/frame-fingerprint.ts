import { sha256 } from "./artifacts.ts";
import type { SparkFrame } from "./frame.ts";
import type { SparkSession } from "./session.ts";

/**
 * What tells a frame's rows from any others, in whatever order they come. A table that was uploaded is told by its plan,
 * which names its content; of files, tables and queries the cluster works out a checksum, in one pass over their rows.
 */
export async function frameFingerprint(
  spark: SparkSession,
  frame: SparkFrame,
  signal?: AbortSignal,
): Promise<string> {
  const { relation } = frame;
  const plan = JSON.stringify(relation);
  if (relation.local_relation ?? relation.chunked_cached_local_relation) return sha256(plan);
  // A sum, unlike an exclusive or, is changed by a row that comes twice.
  const summed = await spark.sql(
    `SELECT count(*) AS rows, CAST(sum(CAST(xxhash64(line) AS DECIMAL(20, 0))) AS STRING) AS checksum
     FROM (SELECT to_json(struct(*), map('ignoreNullFields', 'false')) AS line FROM rows)`,
    { from: { rows: frame } },
  );
  const { rows, checksum } = (await summed.toDataset({ limit: 1, ...(signal && { signal }) })).at(0);
  return sha256(`${plan} ${String(rows)} ${String(checksum)}`);
}
