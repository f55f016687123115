import { TrackingError } from "../core/index.ts";
import { entries, merged } from "./batches.ts";
import type { MlflowClient, ServerRun } from "./client.ts";
import { experimentTags } from "./experiment.ts";
import type { Operation, RunReference } from "./operation.ts";
import { runKeyTag } from "./run-log.ts";
import type { KnownRun, SpoolFile } from "./spool.ts";
import { ServerAwayError } from "./rest.ts";

/** What is sent belongs to a run that waits in the spool itself. */
export class RunAboveWaitsError extends ServerAwayError {
  override name = "RunAboveWaitsError";
}

/**
 * Sends what a spool file holds and is not done yet, in order, and notes each answer in it. May be cut anywhere
 * and called again.
 *
 * What the server will never take is skipped and noted among the file's `refused`, so that one bad entry does not
 * keep the rest back.
 *
 * @throws ServerAwayError where it should be tried later; TrackingError where the server wants other credentials.
 */
export async function send(spool: SpoolFile, client: MlflowClient): Promise<void> {
  while (spool.done < spool.operations.length) {
    const { operation, count } = nextStep(spool);
    const refused: string[] = [];
    try {
      await perform(operation, spool, client);
    } catch (error) {
      if (!isRefusal(error) || operation.do === "create") throw error;
      if (operation.do !== "batch") refused.push(error.message);
      else refused.push(...(await entryByEntry(operation, spool, client)));
    }
    spool.note({ done: spool.done + count, ...(refused.length > 0 && { refused: refused.join("; ") }) });
  }
}

/** A batch is refused whole for one bad entry: sends each by itself, and gives what was said of those refused. */
async function entryByEntry(
  { batch, ...operation }: Extract<Operation, { do: "batch" }>,
  spool: SpoolFile,
  client: MlflowClient,
): Promise<string[]> {
  const refused: string[] = [];
  for (const single of entries(batch)) {
    try {
      await perform({ ...operation, batch: single }, spool, client);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.push(error.message);
    }
  }
  return refused;
}

/** Like {@link send} for a file of another process: what it left open is ended, and what it sent is looked for. */
export async function resume(spool: SpoolFile, client: MlflowClient): Promise<void> {
  endOpenRuns(spool);
  if (!(await knows(client, spool))) spool.note({ afresh: true });
  await send(spool, client);
}

/** A run whose process died before it ended has ended when it was last heard of. */
function endOpenRuns(spool: SpoolFile): void {
  const open = new Set<string>();
  for (const operation of spool.operations) {
    if (operation.do === "create") open.add(operation.run);
    else if (operation.do === "end") open.delete(operation.run);
  }
  const endedAt = Math.round(spool.changedAt);
  for (const run of [...open].reverse()) spool.append({ do: "end", run, status: "KILLED", endedAt });
}

/** The next operation; batches of one run that follow each other go as one. */
function nextStep({ operations, done }: SpoolFile): { operation: Operation; count: number } {
  let operation = operations[done]!;
  let count = 1;
  for (; operation.do === "batch"; count++) {
    const next = operations[done + count];
    if (next?.do !== "batch" || next.run !== operation.run) break;
    const batch = merged(operation.batch, next.batch);
    if (!batch) break;
    operation = { ...operation, batch };
  }
  return { operation, count };
}

/** True where the server still has the runs it is said to have made. */
async function knows(client: MlflowClient, { runs }: SpoolFile): Promise<boolean> {
  for (const { id } of runs.values()) {
    const run = await client.getRun(id);
    if (run?.info.lifecycle_stage !== "active") return false;
  }
  return true;
}

/** True where neither waiting nor other credentials make the server take the same operation. */
function isRefusal(error: unknown): error is TrackingError {
  return (
    error instanceof TrackingError &&
    !(error instanceof ServerAwayError) &&
    error.status !== 401 &&
    error.status !== 403
  );
}

async function perform(operation: Operation, spool: SpoolFile, client: MlflowClient): Promise<void> {
  if (operation.do === "create") return create(operation, spool, client);
  if (operation.do === "traces") {
    const run = operation.run && (await find(operation.run, operation.experiment, spool, client));
    const experimentId = run?.experimentId ?? (await client.experiment(operation.experiment, experimentTags));
    return client.sendTraces(experimentId, Buffer.from(operation.spans, "base64"), run?.id);
  }
  const run = spool.runs.get(operation.run);
  if (!run) throw new TrackingError("the spool file is damaged: an operation stands before its run was made");
  switch (operation.do) {
    case "batch":
      return client.logBatch(run.id, operation.batch);
    case "inputs":
      return client.logInputs(run.id, operation.datasets);
    case "artifact":
      return client.putArtifact(
        run.artifactRoot,
        operation.path,
        Buffer.from(operation.content, operation.encoding),
      );
    case "end":
      if ((spool.tries.get(operation.run) ?? 0) > 1) await removeTwins(operation.run, run, client);
      return client.updateRun(run.id, operation);
  }
}

async function create(
  operation: Operation & { do: "create" },
  spool: SpoolFile,
  client: MlflowClient,
): Promise<void> {
  const { run: key, name, startedAt, parent } = operation;
  const above = parent && (await find(parent, operation.experiment, spool, client));
  const experimentId = above?.experimentId ?? (await client.experiment(operation.experiment, experimentTags));
  // An earlier attempt may have arrived although its answer did not.
  let run = spool.tries.has(key) ? await findByKey(key, experimentId, client) : undefined;
  if (!run) {
    spool.note({ trying: key });
    const tags = above ? { ...operation.tags, "mlflow.parentRunId": above.id } : operation.tags;
    run = known(await client.createRun({ experimentId, name, startedAt, tags }));
  }
  spool.note({ made: key, run });
}

/**
 * The run that is referred to.
 *
 * @throws RunAboveWaitsError where it is not on the server yet.
 */
async function find(
  reference: RunReference,
  experiment: string,
  spool: SpoolFile,
  client: MlflowClient,
): Promise<KnownRun> {
  if ("id" in reference) {
    const run = await client.getRun(reference.id);
    if (!run) throw new TrackingError(`no run "${reference.id}" on ${client.uri} to log beneath`);
    return known(run);
  }
  const made = spool.runs.get(reference.key);
  if (made) return made;
  const run = await findByKey(reference.key, await client.experiment(experiment, experimentTags), client);
  if (!run) throw new RunAboveWaitsError("the run above it is not on the server yet");
  return run;
}

/** The run of this key; of several, which a lost answer may leave, always the same. */
async function findByKey(
  key: string,
  experimentId: string,
  client: MlflowClient,
): Promise<KnownRun | undefined> {
  const [first] = await client.searchRuns([experimentId], `tags.\`${runKeyTag}\` = '${key}'`);
  return first && known(first);
}

/** A request to make a run can arrive after it was given up; what it left is taken away. */
async function removeTwins(key: string, run: KnownRun, client: MlflowClient): Promise<void> {
  for (const { info } of await client.searchRuns([run.experimentId], `tags.\`${runKeyTag}\` = '${key}'`)) {
    if (info.run_id !== run.id) await client.deleteRun(info.run_id);
  }
}

function known({ info }: ServerRun): KnownRun {
  return { id: info.run_id, experimentId: info.experiment_id, artifactRoot: info.artifact_uri };
}
