export { SparkError } from "./spark-error.ts";
export { SparkFrame, type SparkTableOptions, type SparkWriteOptions } from "./frame.ts";
export { connectSpark, type SparkSession, type SqlOptions } from "./session.ts";
export { type SqlValue } from "./sql.ts";
