import { type Displayable, display, escapeHtml, type MimeBundle, safeLink } from "../core/index.ts";
import type { MlflowClient } from "./client.ts";
import type { SpoolFile } from "./spool.ts";

/** A run that was logged. Shown in a cell as a link to its page. */
export interface Logged extends Displayable {
  readonly name: string;
  /** lmframe's own key of the run: its tag `lmframe.run_key`. */
  readonly key: string;
  /** The server's id; undefined while the run waits in the spool. */
  readonly runId: string | undefined;
  /** Address of the run's page; undefined while the run waits in the spool. */
  readonly url: string | undefined;
  /** True where the server could not be reached: the run is whole on disk, and `sync()` sends it. */
  readonly spooled: boolean;
  /** What the server will never take of it, in its words; the rest is there. */
  readonly refused: readonly string[];
}

/** What a spool file tells of a run: its first one, or that of `key`. */
export function logged(spool: SpoolFile, client: MlflowClient | undefined, key?: string): Logged {
  const created = spool.operations.find(
    (operation) => operation.do === "create" && (key === undefined || operation.run === key),
  );
  const { run: found = "", name = spool.header.name } = created?.do === "create" ? created : {};
  const run = spool.runs.get(found);
  const url = run && client?.runUrl(run.experimentId, run.id);
  return {
    name,
    key: found,
    runId: run?.id,
    url,
    spooled: spool.done < spool.operations.length,
    refused: [...spool.refused],
    [display]: () => show(name, url),
  };
}

function show(name: string, url: string | undefined): MimeBundle {
  if (url === undefined || safeLink(url) === undefined) {
    const waits = `MLflow run ${name}: waits on disk for the server; sync() sends it`;
    return { "text/html": `<p>${escapeHtml(waits)}</p>`, "text/plain": waits };
  }
  return {
    "text/html": `<p>MLflow run <a href="${escapeHtml(url)}" target="_blank" rel="noopener">${escapeHtml(name)}</a></p>`,
    "text/plain": `MLflow run ${name}: ${url}`,
  };
}
