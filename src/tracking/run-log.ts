import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { basename } from "node:path";
import {
  ConfigurationError,
  type DatasetRecord,
  type MetricPoint,
  redactor,
  type RunRecord,
} from "../core/index.ts";
import { batches } from "./batches.ts";
import type { Batch, DatasetInput, KeyValue, MetricEntry } from "./client.ts";
import { entryName } from "./entry-name.ts";
import type { Operation, RunReference } from "./operation.ts";
import { plain } from "./plain.ts";

/** Longest values MLflow keeps. */
const longest = { param: 6000, tag: 8000, digest: 36, name: 500 };

/** The tag that carries the key of a run. */
export const runKeyTag = "lmframe.run_key";

/** How a run begins. */
export interface RunStart {
  name: string;
  experiment: string;
  /** Milliseconds since the epoch. Default now. */
  startedAt?: number | undefined;
  parent?: RunReference | undefined;
}

/**
 * Turns what is logged of one run into operations, the way the server takes them: names cleaned, values cut to
 * length (a parameter that is cut keeps its whole text as an artifact), secrets taken out, batches split.
 */
export class RunLog {
  /** The run's key. */
  readonly key: string = randomUUID().replaceAll("-", "");
  readonly #write: (operation: Operation) => void;
  readonly #experiment: string;
  readonly #redact = redactor();
  readonly #params = new Map<string, string>();
  readonly #tables: { path: string; type: "table" }[] = [];

  constructor(start: RunStart, write: (operation: Operation) => void) {
    this.#write = write;
    this.#experiment = start.experiment;
    const name = this.#redact.text(start.name);
    write({
      do: "create",
      run: this.key,
      name,
      experiment: start.experiment,
      startedAt: Math.round(start.startedAt ?? Date.now()),
      tags: { ...sourceTags(), "mlflow.runName": name, [runKeyTag]: this.key },
      ...(start.parent ? { parent: start.parent } : {}),
    });
  }

  /** Logs parameters. One that is logged again must have the same value: MLflow never changes one. */
  params(params: Readonly<Record<string, string | number | boolean>>): void {
    const entries: KeyValue[] = [];
    for (const [name, value] of Object.entries(params)) {
      const key = this.#name(name);
      const text = this.#redact.text(String(value));
      const before = this.#params.get(key);
      if (before !== undefined && before !== text) {
        throw new ConfigurationError(
          `the parameter "${key}" is already "${clip(before, 60)}" and cannot become "${clip(text, 60)}": a run's parameters never change; log what changes as a metric or a tag`,
        );
      }
      if (before !== undefined) continue;
      this.#params.set(key, text);
      entries.push({ key, value: clip(text, longest.param) });
      if (text.length > longest.param) this.file(`params/${key.replaceAll(/[/:]/g, "_")}.txt`, text);
    }
    this.#batch({ params: entries });
  }

  /** Logs metrics: a value, or points over the course of the run. */
  metrics(metrics: Readonly<Record<string, number | readonly MetricPoint[]>>, timestamp = Date.now()): void {
    const entries: MetricEntry[] = [];
    for (const [name, values] of Object.entries(metrics)) {
      const key = this.#name(name);
      for (const point of typeof values === "number" ? [{ value: values, step: 0 }] : values) {
        entries.push({
          key,
          value: spelt(point.value),
          step: Math.round(point.step),
          timestamp: Math.round(("timestamp" in point ? point.timestamp : undefined) ?? timestamp),
        });
      }
    }
    this.#batch({ metrics: entries });
  }

  /** Sets tags. */
  tags(tags: Readonly<Record<string, string>>): void {
    this.#batch({
      tags: Object.entries(tags).map(([name, value]) => ({
        key: this.#name(name),
        value: clip(this.#redact.text(value), longest.tag),
      })),
    });
  }

  /** Adds datasets to the run's inputs. */
  datasets(datasets: readonly DatasetRecord[]): void {
    if (datasets.length === 0) return;
    this.#write({
      do: "inputs",
      run: this.key,
      datasets: datasets.map((dataset) => this.#datasetInput(dataset)),
    });
  }

  #datasetInput({ name, digest, context, rows, columns, source }: DatasetRecord): DatasetInput {
    const text = (original: string) => this.#redact.text(original);
    const schema = {
      mlflow_colspec: columns.map((column) => ({
        name: text(column.name),
        type: columnType(column.type),
        required: false,
      })),
    };
    return {
      tags: [{ key: "mlflow.data.context", value: text(context) }],
      dataset: {
        name: clip(text(name), longest.name),
        digest: digest.slice(0, longest.digest),
        source_type: source !== undefined && /^https?:/i.test(source) ? "http" : "local",
        source: JSON.stringify({ uri: source === undefined ? "" : text(source) }),
        schema: JSON.stringify(schema),
        profile: JSON.stringify({ num_rows: rows }),
      },
    };
  }

  /** Logs rows as the table `<name>.json`, which MLflow shows among the run's artifacts. */
  table(name: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
    const path = artifactPath(`${name}.json`);
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const data = rows.map((row) => columns.map((column) => plain(row[column]) ?? null));
    const split = this.#redact.value({ columns, data });
    this.#write({
      do: "artifact",
      run: this.key,
      path,
      content: JSON.stringify(split),
      encoding: "utf8",
    });
    if (!this.#tables.some((table) => table.path === path)) this.#tables.push({ path, type: "table" });
    this.#batch({ tags: [{ key: "mlflow.loggedArtifacts", value: JSON.stringify(this.#tables) }] });
  }

  /** Logs a file among the run's artifacts. `path` may hold folders: `reports/page.html`. */
  file(path: string, content: string | Uint8Array): void {
    this.#write({
      do: "artifact",
      run: this.key,
      path: artifactPath(path),
      ...(typeof content === "string"
        ? { content: this.#redact.text(content), encoding: "utf8" }
        : { content: Buffer.from(this.#redact.bytes(content)).toString("base64"), encoding: "base64" }),
    });
  }

  /** Logs a whole record as a run beneath this one. */
  child(record: RunRecord): RunLog {
    return logRecord(record, { experiment: this.#experiment, parent: { key: this.key } }, this.#write);
  }

  /** Ends the run. */
  end(status: "FINISHED" | "FAILED" | "KILLED", endedAt = Date.now()): void {
    this.#write({ do: "end", run: this.key, status, endedAt: Math.round(endedAt) });
  }

  #name(name: string): string {
    return entryName(this.#redact.text(name));
  }

  #batch(whole: Batch): void {
    for (const batch of batches(whole)) this.#write({ do: "batch", run: this.key, batch });
  }
}

/** Writes a finished piece of work as a run, its children beneath it; gives back the log of the run. */
export function logRecord(
  record: RunRecord,
  start: Omit<RunStart, "name" | "startedAt">,
  write: (operation: Operation) => void,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): RunLog {
  const endedAt = record.endedAt ?? Date.now();
  const log = new RunLog({ ...start, name: record.name, startedAt: record.startedAt ?? endedAt }, write);
  log.params(record.params ?? {});
  log.tags(record.tags ?? {});
  log.metrics(record.metrics ?? {}, endedAt);
  log.datasets(record.datasets ?? []);
  for (const [name, rows] of Object.entries(record.tables ?? {})) log.table(name, rows);
  for (const [path, content] of Object.entries({ ...record.files, ...files })) log.file(path, content);
  for (const child of record.children ?? []) log.child(child);
  log.end(record.status ?? "FINISHED", endedAt);
  return log;
}

/**
 * A path among a run's artifacts, checked.
 *
 * @throws ConfigurationError where it would leave the run's folder or the server does not take it.
 */
function artifactPath(path: string): string {
  const problem = path.split("/").some((segment) => segment === "" || segment === "." || segment === "..")
    ? "has an empty or dotted segment"
    : /[#\\\u0000-\u001f]/.test(path)
      ? "holds #, \\ or a control character"
      : undefined;
  if (problem) {
    throw new ConfigurationError(
      `invalid artifact path: ${JSON.stringify(path)} ${problem}; expected a relative path such as reports/page.html`,
    );
  }
  return path;
}

/** Who and what runs here, as MLflow's pages show it. */
function sourceTags(): Record<string, string> {
  const script = process.argv[1];
  return {
    "mlflow.user": userName(),
    "mlflow.source.name": script === undefined ? "node" : basename(script),
    "mlflow.source.type": "LOCAL",
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return "unknown";
  }
}

function spelt(value: number): MetricEntry["value"] {
  return Number.isFinite(value) ? value : (String(value) as MetricEntry["value"]);
}

/** `text` within `length` UTF-16 units, cut between characters and marked as cut. */
function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** MLflow's name of a column's type. */
function columnType(type: string): string {
  const name = type.toLowerCase();
  if (name.startsWith("bool")) return "boolean";
  if (/^(u?int64|long|bigint)/.test(name)) return "long";
  if (/^u?int/.test(name)) return "integer";
  if (/^(float|double|number|decimal)/.test(name)) return "double";
  if (/^(date|time)/.test(name)) return "datetime";
  if (name.startsWith("binary")) return "binary";
  return "string";
}
