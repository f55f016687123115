import { inspect } from "node:util";

/**
 * The errors of lmframe. Each message says what was found, what was expected and what to do.
 *
 * An outage is not a bad prompt: {@link isOutage} tells the two apart, and everything that scores a program
 * asks it.
 */
export class LmframeError extends Error {
  override name = "LmframeError";
}

/** A setting, an argument or a credential is missing or wrong; trying again without a change cannot help. */
export class ConfigurationError extends LmframeError {
  override name = "ConfigurationError";
}

/** A model endpoint did not give a usable answer. */
export class ModelError extends LmframeError {
  override name = "ModelError";
  /** HTTP status, where the endpoint answered at all. */
  readonly status: number | undefined;
  /** Seconds the endpoint asked to wait before another try, where it said so. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { status?: number | undefined; retryAfter?: number | undefined } = {},
  ) {
    super(message, options);
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** The endpoint asks for fewer requests (429). */
export class RateLimitError extends ModelError {
  override name = "RateLimitError";
}

/** The prompt with its answer does not fit the model's context. */
export class TooLongError extends ModelError {
  override name = "TooLongError";
}

/** The endpoint or the model declined this request: content filter, refusal, or a request it does not accept. */
export class RefusedError extends ModelError {
  override name = "RefusedError";
}

/** No whole answer arrived: no connection, time-out, 5xx, cut or empty body, a body that is not JSON. */
export class UnreachableError extends ModelError {
  override name = "UnreachableError";
}

/** An answer arrived whole and could not be read as the declared fields. */
export class ParseError extends LmframeError {
  override name = "ParseError";
  /** The reply as it came. */
  readonly completion: string;
  /** The field that could not be read, where one is to blame. */
  readonly field: string | undefined;

  constructor(message: string, options: ErrorOptions & { completion: string; field?: string | undefined }) {
    super(message, options);
    this.completion = options.completion;
    this.field = options.field;
  }
}

/** Where in a file bad data stands. `row` counts records from 1 without the header; `line` counts lines from 1. */
export interface DataPlace {
  file?: string | undefined;
  row?: number | undefined;
  line?: number | undefined;
  column?: string | undefined;
}

/** A table or file does not hold what it should. */
export class DataError extends LmframeError {
  override name = "DataError";
  readonly place: DataPlace;

  constructor(message: string, options: ErrorOptions & DataPlace = {}) {
    const { file, row, line, column } = options;
    const place = [
      file,
      line !== undefined ? `line ${line}` : row !== undefined ? `row ${row}` : undefined,
      column !== undefined ? `column "${column}"` : undefined,
    ].filter((part) => part !== undefined);
    super(place.length > 0 ? `${place.join(", ")}: ${message}` : message, options);
    this.place = { file, row, line, column };
  }
}

/** A tracking server did not take or give what was asked. */
export class TrackingError extends LmframeError {
  override name = "TrackingError";
  readonly status: number | undefined;

  constructor(message: string, options: ErrorOptions & { status?: number | undefined } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

/** True for a failure that says nothing of the program: transport, rate limits, settings, credentials, aborts. */
export function isOutage(error: unknown): boolean {
  return (
    error instanceof UnreachableError ||
    error instanceof RateLimitError ||
    error instanceof ConfigurationError ||
    error instanceof TrackingError ||
    (error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError"))
  );
}

/** What was thrown, as plain data. A value that is no error becomes the message of one. */
export function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: typeof error === "string" ? error : inspect(error) };
}

/** {@link describeError} in one text: `ParseError: …`. */
export function errorText(error: unknown): string {
  const { name, message } = describeError(error);
  return `${name}: ${message}`;
}

/** True where the reply arrived whole and could not be read. */
export function isUnreadable(error: unknown): error is ParseError {
  return error instanceof ParseError;
}

/**
 * The candidate nearest to `name` by edit distance, for "did you mean"; undefined where none is near
 * (more than 40 % of the letters differ).
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance of `a` and `b`, or `limit` as soon as it must reach that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    previous = row;
  }
  return Math.min(previous[b.length]!, limit);
}
