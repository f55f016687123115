import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset } from "../../data/index.ts";
import { addedColumns, type MapEngine } from "../../modules/index.ts";
import type { SparkFrame } from "./frame.ts";
import { workerError } from "./ship.ts";
import { isJsonText } from "./spark-type.ts";
import { mapFrame, mapFrameOnce, type SparkMapOptions } from "./map-frame.ts";
import type { SparkSession } from "./session.ts";

const rowId = "row_id";

/**
 * Has `map` run on Spark's executors: `program.map(dataset, { engine: sparkEngine(spark), to: "/shared/answers" })`. The
 * table goes to the cluster, its answers come back; what is on the cluster already is mapped by {@link mapFrame}.
 *
 * With `to`, a folder of Parquet as the cluster sees it, the map can be run again after a failure and goes on from
 * there, and rows have a column `row_id`, their place in the table. Without, nothing is kept on the cluster.
 * `concurrency` is of all workers together.
 */
export function sparkEngine(
  spark: SparkSession,
  options: Omit<SparkMapOptions, "id" | "signal"> = {},
): MapEngine {
  return {
    async map(program, data, { to, concurrency, onError = "column", signal, lm, ...settings }) {
      if (!(data instanceof Dataset)) {
        throw new ConfigurationError(
          "a Scan is read here, a cluster reads itself: mapFrame(spark, program, spark.read.parquet(path), { to })",
        );
      }
      if (lm !== undefined || onError === "throw" || Object.keys(settings).length > 0) {
        throw new ConfigurationError(
          "on Spark a map takes its model from the executors' environment and keeps errors in their column; " +
            `it does not take ${lm ? "lm" : onError === "throw" ? "onError" : Object.keys(settings).join(", ")}`,
        );
      }
      if (data.columns.includes(rowId)) {
        throw new DataError("is what the map tells rows apart by; rename it", { column: rowId });
      }
      const { outputs } = program.signature;
      const columns = addedColumns(program, data.columns).map(([column]) => column);
      const places = Int32Array.from({ length: data.length }, (_, place) => place);
      const frame = await spark.upload(data.withColumns({ [rowId]: places }) as Dataset);
      const limits = { ...options.limits, ...(concurrency !== undefined && { concurrency }) };
      const all = { ...options, limits, id: rowId, signal };
      const mapped =
        to === undefined
          ? await mapFrameOnce(spark, program, frame, all)
          : await mapFrame(spark, program, frame, { ...all, to });
      const values = new Map(columns.map((column) => [column, new Array<unknown>(data.length)]));
      let answered = 0;
      for await (const batch of answers(mapped, signal)) {
        answered += batch.length;
        const ids = batch.column(rowId).map(Number);
        for (const [at, column] of columns.entries()) {
          const type = outputs[at]?.type;
          const json = type !== undefined && isJsonText(type);
          for (const [row, value] of batch.column(column).entries()) {
            values.get(column)![ids[row]!] = json && value !== null ? JSON.parse(value as string) : value;
          }
        }
      }
      if (answered !== data.length) {
        throw new DataError(`${data.length} rows went to Spark, and ${answered} came back`);
      }
      return data.withColumns(Object.fromEntries(values), { types: { [columns.at(-1)!]: "string" } });
    },
  };
}

/** The batches of a frame that workers answer while it is read, their last words as the errors they were. */
async function* answers(frame: SparkFrame, signal: AbortSignal | undefined): AsyncGenerator<Dataset, void> {
  try {
    yield* frame.batches({ ...(signal && { signal }) });
  } catch (error) {
    throw workerError(error);
  }
}
