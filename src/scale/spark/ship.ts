import { ConfigurationError, LmframeError, UnreachableError } from "../../core/index.ts";
import { programCode, type ProgramSource } from "../../tracking/model/program-code.ts";
import { sha256 } from "./artifacts.ts";
import { lastWords, type ProbeLine, type RowWorkerOrders } from "./row-worker.ts";
import type { SparkSession } from "./session.ts";
import { SparkError } from "./spark-error.ts";
import { quotedText } from "./sql.ts";

/** A worker that a session's executors can start. */
export interface ShippedWorker {
  /** Of the program with its code, its state and the model that the executors ask. */
  fingerprint: string;
  /** A worker's command as a literal of SQL. */
  command(orders: RowWorkerOrders): string;
}

/** Lines are passed as they are, whatever else the cluster's scripts are set up with. */
export const asLines = "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '\\n'";

/** Text that some set-ups of scripts change on the way. */
const trial = 'a\\b \\n "q" \t \n \r \u2028 é 😀 \\N';

const oldestNode = [22, 13] as const;

/**
 * Gives a program's worker to the session's executors as one file, and tries it on one of them.
 *
 * @throws ConfigurationError where an executor has no Node, or one that is too old, or finds no model in its
 * environment; SparkError where the cluster runs no scripts, or changes their text.
 */
export async function shipWorker(
  spark: SparkSession,
  source: ProgramSource,
  model: string | undefined,
): Promise<ShippedWorker> {
  const { code } = await programCode(source, (texts) => ({
    file: "scale/spark/row-worker",
    start: "startRowWorker",
    argument: `JSON.parse(${JSON.stringify(JSON.stringify(texts))})`,
  }));
  const hash = sha256(code);
  const name = `lmframe-${hash.slice(0, 16)}.mjs`;
  await spark.addFile(name, code);
  // Each session's files stand in a folder of their own beside the others'; the name tells their content.
  const command = (orders: RowWorkerOrders) =>
    quotedText(`exec node */${name} ${Buffer.from(JSON.stringify(orders)).toString("base64url")}`);
  const frame = await spark.sql(
    `SELECT TRANSFORM(line) ${asLines} USING ${command({ probe: true, limits: {}, ...(model !== undefined && { model }) })} AS (line STRING) ${asLines} FROM (SELECT :trial AS line)`,
    { values: { trial: JSON.stringify(trial) } },
  );
  let found: ProbeLine;
  try {
    const answer = await frame.toDataset({ limit: 1 });
    found = JSON.parse(answer.at(0).line as string) as ProbeLine;
  } catch (error) {
    throw workerError(error);
  }
  if (found.echo !== trial) {
    throw new SparkError(
      `the cluster's scripts change the text that they are given: ${JSON.stringify(trial)} came as ${JSON.stringify(found.echo)}`,
    );
  }
  const [major = 0, minor = 0] = found.node.split(".").map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new ConfigurationError(
      `the executors have Node ${found.node}; a worker needs ${oldestNode.join(".")} or later`,
    );
  }
  if (found.error !== null) throw new ConfigurationError(`on the executors: ${found.error}`);
  return { fingerprint: sha256(`${hash} ${found.model ?? ""}`), command };
}

/** What a worker said before it gave up, as the error it was; other errors as they came. */
export function workerError(error: unknown): unknown {
  if (!(error instanceof SparkError)) return error;
  const said = error.message.split(lastWords)[1]?.split("\n")[0];
  if (said !== undefined) {
    const message = `on the executors: ${said}`;
    if (said.startsWith("ConfigurationError")) return new ConfigurationError(message, { cause: error });
    if (/^(Unreachable|RateLimit)Error/.test(said)) return new UnreachableError(message, { cause: error });
    return new LmframeError(message, { cause: error });
  }
  if (/exited with status 127|node: (command )?not found/.test(error.message)) {
    return new ConfigurationError(
      `the executors have no Node on their PATH: install Node ${oldestNode.join(".")} or later on them`,
      { cause: error },
    );
  }
  return error;
}
