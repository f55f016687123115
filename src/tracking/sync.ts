import { TrackingError } from "../core/index.ts";
import { type Logged, logged } from "./logged.ts";
import { resume, RunAboveWaitsError } from "./send.ts";
import { connectServer, type Server, serverName } from "./server.ts";
import { SpoolFile } from "./spool.ts";
import { ServerAwayError } from "./rest.ts";

/** What `mlflow.sync` did. */
export interface SyncResult {
  /** Runs that are whole on the server now. */
  sent: Logged[];
  /** What still waits, and why. */
  waiting: { name: string; reason: string }[];
}

/**
 * Sends everything that waits in the spool to the MLflow server, oldest first. May be cut at any point and
 * repeated, and run twice at a time: each run is there once, with each of its points once.
 *
 * What was logged for another server than the one in force waits for that one: credentials never go to a server
 * they are not meant for.
 */
export async function sync(): Promise<SyncResult> {
  const result: SyncResult = { sent: [], waiting: [] };
  let server: Server | undefined;
  let away: string | undefined;
  for (let spool = await SpoolFile.next(); spool !== undefined; spool = await SpoolFile.next(spool.id)) {
    const { name, server: meant } = spool.header;
    if (meant !== serverName()) {
      const where =
        meant === null
          ? "the local server: unset MLFLOW_TRACKING_URI"
          : `${meant}: set MLFLOW_TRACKING_URI to it`;
      result.waiting.push({ name, reason: `it is for ${where} and sync again` });
      spool.release();
      continue;
    }
    try {
      if (away !== undefined) throw new ServerAwayError(away);
      server ??= await connectServer();
      await resume(spool, server.client);
      const run = logged(spool, server.client);
      if (run.runId !== undefined) result.sent.push(run);
      spool.remove();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Asking again for each file would take minutes where the server only times out.
      const isAway = error instanceof ServerAwayError && !(error instanceof RunAboveWaitsError);
      if (isAway || !server) away = reason;
      result.waiting.push({ name, reason });
      spool.release();
      if (!(error instanceof TrackingError) && server) throw error;
    }
  }
  return result;
}
