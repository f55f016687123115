export { sparkEngine } from "./engine.ts";
export { type SparkFrame, type SparkTableOptions, type SparkWriteOptions } from "./frame.ts";
export { mapFrame, type SparkMapOptions } from "./map-frame.ts";
export type { ExecutorLimits } from "./share-limits.ts";
export { connectSpark, frameAt, type SparkSession, type SqlOptions } from "./session.ts";
export { SparkError } from "./spark-error.ts";
export { type SqlValue } from "./sql.ts";
