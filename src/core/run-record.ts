/** One value of a metric over the course of a run. */
export interface MetricPoint {
  value: number;
  step: number;
  /** Milliseconds since the epoch; the time of logging where it is not known. */
  timestamp?: number;
}

/** A dataset a run read: what it is, not its rows. */
export interface DatasetRecord {
  name: string;
  /** Content hash, hexadecimal. */
  digest: string;
  /** What the rows were for: `train`, `validation`, `test`. */
  context: string;
  rows: number;
  columns: readonly { name: string; type: string }[];
  /** Where it was read from, as the user wrote it. */
  source?: string | undefined;
}

/**
 * What a finished piece of work has to say to a tracking server, whatever that server is. Values are plain, so
 * that a record can wait on disk while the server is away.
 */
export interface RunRecord {
  name: string;
  tags?: Readonly<Record<string, string>>;
  params?: Readonly<Record<string, string | number | boolean>>;
  metrics?: Readonly<Record<string, number | readonly MetricPoint[]>>;
  datasets?: readonly DatasetRecord[];
  /** File name without ending to rows; shown as a table. */
  tables?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  /** File name with ending to its text: JSON, HTML, Markdown. */
  files?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
  status?: "FINISHED" | "FAILED" | "KILLED";
  children?: readonly RunRecord[];
}

/** A result that can be logged: an evaluation, an optimisation. */
export interface Trackable {
  /** What there is to log, as plain data. */
  toRun(): RunRecord;
}
