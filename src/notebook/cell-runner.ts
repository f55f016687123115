import { setImmediate as turn } from "node:timers/promises";
import { CellSources } from "./cell-sources.ts";
import { type Failure, thrownFailure, typeFailure } from "./failure.ts";
import type { Converter, Executor, Tslab } from "./tslab.ts";

/** What became of a cell: its last value, where it has one, and why it failed, where it did. */
export interface Outcome {
  readonly value: unknown;
  readonly failure: Failure | undefined;
}

/** Runs cells, and fails a cell for a promise that nobody handles as for an error it throws. */
export class CellRunner {
  readonly executor: Executor;
  readonly #sources = new CellSources();
  #cell = 0;
  #value: unknown;
  #failures: Failure[] = [];
  #unhandled: unknown[] = [];

  constructor(tslab: Tslab, root: string) {
    const converters = new Map<boolean, Converter>();
    const converter = (isBrowser: boolean) => {
      const made =
        converters.get(isBrowser) ?? this.#observe(tslab.createConverter({ isJS: false, isBrowser }));
      converters.set(isBrowser, made);
      return made;
    };
    this.executor = tslab.createExecutor(
      root,
      {
        get node() {
          return converter(false);
        },
        get browser() {
          return converter(true);
        },
        close: () => {
          for (const made of converters.values()) made.close();
        },
      },
      {
        log: (value) => {
          this.#value = value;
        },
        error: (...values) => {
          // The type checker's objections come here as formats, and with their places through the converter.
          if (values.length === 1) this.#failures.push(this.failureOf(values[0]));
        },
      },
    );
    converter(false); // the first takes a second: better now than in the first cell
  }

  /** Takes what no cell awaited: it fails the cell that runs, or the next. */
  unhandled(reason: unknown): void {
    this.#unhandled.push(reason);
  }

  /** Runs `source` as cell number `cell`. */
  async run(source: string, cell: number): Promise<Outcome> {
    this.#cell = cell;
    this.#value = undefined;
    this.#failures = [];
    const late = this.#takeUnhandled("An earlier cell left this behind:");
    const ok = await this.executor.execute(source).catch((error: unknown) => {
      // The compiler itself failed. Without a reply the notebook would wait for ever.
      this.#failures.push(this.failureOf(error));
      return false;
    });
    // Node tells of unhandled rejections at the end of a turn; a promise may need one more to be rejected.
    await turn();
    await turn();
    this.#failures.push(...this.#takeUnhandled("Nothing awaited this:"), ...late);
    if (!ok && this.#failures.length === 0)
      this.#failures.push(this.failureOf("the cell failed without a reason"));
    const [first] = this.#failures;
    return {
      value: this.#value,
      failure: first && { ...first, traceback: this.#failures.flatMap(({ traceback }) => traceback) },
    };
  }

  /** What was thrown, as the notebook shows it: with the cells and lines it came from. */
  failureOf(thrown: unknown): Failure {
    return thrownFailure(thrown, this.#sources);
  }

  #takeUnhandled(heading: string): Failure[] {
    return this.#unhandled.splice(0).map((reason) => {
      const failure = this.failureOf(reason);
      return { ...failure, traceback: [heading, ...failure.traceback] };
    });
  }

  /** The converter, with an eye on what it makes of each cell. */
  #observe(converter: Converter): Converter {
    return {
      ...converter,
      convert: (declarations, source) => {
        const conversion = converter.convert(declarations, source);
        if (conversion.diagnostics.length > 0) {
          this.#failures.push(typeFailure(conversion.diagnostics, source));
        }
        if (conversion.output) {
          conversion.output = this.#sources.mark(this.#cell, source, conversion.output);
        }
        return conversion;
      },
      addModule: (name, content, meta) => {
        const diagnostics = converter.addModule(name, content, meta);
        if (diagnostics.length > 0) this.#failures.push(typeFailure(diagnostics, content));
        return diagnostics;
      },
    };
  }
}
