import { DataError } from "../core/errors.ts";

/** A record of a CSV file: its cells, null where a cell is empty and not quoted. */
export interface CsvRecord {
  cells: (string | null)[];
  /** The line it starts on, from 1. */
  line: number;
}

/** A record longer than this is an unclosed quote. */
const longestRecord = 1 << 24;

/**
 * Splits CSV text (RFC 4180) into records as it arrives. Its own reader, because a record's line, and whether an
 * empty cell was quoted (`""` is text, nothing is null), are lost by general parsers. Line ends may be mixed.
 */
export class CsvReader {
  /** The line that comes next, from 1. */
  line = 1;
  readonly #delimiter: string;
  #newline: "\n" | "\r" | undefined;
  #rest = "";
  #tried = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** The records that `text` completes. */
  *push(text: string): Generator<CsvRecord, void> {
    const whole = this.#rest + text;
    this.#rest = whole;
    // A record that is not whole yet is tried again once the text has doubled, lest a long one take quadratic time.
    if (whole.length < 2 * this.#tried) return;
    this.#newline ??= whole.includes("\n") ? "\n" : whole.includes("\r") ? "\r" : undefined;
    this.#rest = whole.slice(yield* this.#records(whole, false));
    this.#tried = this.#rest.length;
    if (this.#tried > longestRecord) throw this.#unclosed();
  }

  /** The last record, where no line end follows it. */
  *end(): Generator<CsvRecord, void> {
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") yield* this.#records(rest, true);
  }

  /** The cells so far of a record that has not ended: where a fault in the text stands. */
  unfinished(): { line: number; cells: number } {
    const cells = this.#rest.split(this.#delimiter).length;
    return { line: this.line, cells };
  }

  /** Yields the records of `text` and gives the offset of what is left. */
  *#records(text: string, last: boolean): Generator<CsvRecord, number> {
    const newline = this.#newline ?? "\n";
    let quote = text.indexOf('"');
    let start = 0;
    while (start < text.length) {
      if (quote !== -1 && quote < start) quote = text.indexOf('"', start);
      let end = text.indexOf(newline, start);
      if (end === -1) {
        if (!last) return start;
        end = text.length;
      }
      if (quote === -1 || quote > end) {
        const stop = text[end - 1] === "\r" && newline === "\n" && end > start ? end - 1 : end;
        const cells: (string | null)[] = text.slice(start, stop).split(this.#delimiter);
        for (let i = 0; i < cells.length; i++) if (cells[i] === "") cells[i] = null;
        yield { cells, line: this.line++ };
        start = end + 1;
      } else {
        const record = this.#quotedRecord(text, start, last);
        if (!record) return start;
        yield { cells: record.cells, line: this.line };
        this.line += record.lines;
        start = record.end;
      }
    }
    return start;
  }

  /** A record with quotes in it, cell by cell; undefined where its end has not arrived. */
  #quotedRecord(text: string, start: number, last: boolean) {
    const delimiter = this.#delimiter.charCodeAt(0);
    const newline = (this.#newline ?? "\n").charCodeAt(0);
    const cells: (string | null)[] = [];
    let lines = 1;
    let at = start;
    for (;;) {
      if (text[at] === '"') {
        const closed = closingQuote(text, at);
        // A quote that ends the text may be the first half of an escaped one.
        if (closed === -1 || (closed + 1 === text.length && !last)) {
          if (last) throw this.#unclosed(lines - 1);
          return undefined;
        }
        const raw = text.slice(at + 1, closed);
        cells.push(raw.includes('""') ? raw.replaceAll('""', '"') : raw);
        for (let i = raw.indexOf("\n"); i !== -1; i = raw.indexOf("\n", i + 1)) lines++;
        at = closed + 1;
        if (text[at] === "\r" && (text[at + 1] === "\n" || (at + 1 === text.length && last))) at++;
        else if (text[at] === "\r" && at + 1 === text.length) return undefined;
      } else {
        const from = at;
        while (at < text.length && text.charCodeAt(at) !== delimiter && text.charCodeAt(at) !== newline) at++;
        if (at === text.length && !last) return undefined;
        const stop = text[at - 1] === "\r" && at > from && newline === 10 ? at - 1 : at;
        cells.push(stop === from ? null : text.slice(from, stop));
      }
      if (at >= text.length) return { cells, lines, end: at };
      const next = text.charCodeAt(at);
      if (next === newline) return { cells, lines, end: at + 1 };
      if (next !== delimiter) {
        throw new DataError(
          `cell ${cells.length} goes on after its closing quote (${JSON.stringify(text.slice(at, at + 12))}); ` +
            `expected a ${JSON.stringify(this.#delimiter)} or the line's end; a quote inside a quoted cell is written twice`,
          { line: this.line + lines - 1 },
        );
      }
      at++;
    }
  }

  #unclosed(after = 0): DataError {
    return new DataError('a quoted cell has no closing quote; expected a " before the end of the file', {
      line: this.line + after,
    });
  }
}

/** The quote that closes the one at `open`, or -1. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
