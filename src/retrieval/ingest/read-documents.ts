import { extname, relative, resolve, sep } from "node:path";
import { ConfigurationError, DataError, describeError, nearest, startProgress } from "../../core/index.ts";
import { Dataset } from "../../data/index.ts";
import { tableExtensions } from "../../data/file.ts";
import type { Document } from "../document.ts";
import { checkChunks, type ChunkOptions } from "./chunk-text.ts";
import { sectionDocuments } from "./section-documents.ts";
import type { Identity } from "./identity.ts";
import { sectionReaders } from "./read-sections.ts";
import { tableDocuments, type TableOptions } from "./table-documents.ts";

/** How files are read. */
export interface IngestOptions extends ChunkOptions, TableOptions {
  /** Encoding of text, as the WHATWG Encoding Standard names it. Default `utf-8`, or the byte order mark's. */
  readonly encoding?: string | undefined;
  /** Bytes at most of a file of prose, and of what a Word document unpacks to. Default 50 million. */
  readonly mostBytes?: number | undefined;
  /**
   * `report` (default): a file that cannot be read is noted in {@link FileDocuments.failed}, and the rest goes on.
   * `throw`: it ends the reading; for `Index.sync`, which would delete what stood in such a file.
   */
  readonly failures?: "report" | "throw" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that could not be read, and why. */
export interface FileFailure {
  readonly file: string;
  readonly message: string;
}

/** The documents of files, read as they are taken. What it tells of the files is whole once they all were. */
export class FileDocuments implements AsyncIterable<Document> {
  readonly #paths: readonly string[];
  readonly #options: IngestOptions;
  #failed: FileFailure[] = [];
  #identities = new Map<string, Identity>();
  #empty = 0;

  constructor(paths: readonly string[], options: IngestOptions) {
    checkChunks(options);
    this.#paths = paths;
    this.#options = options;
  }

  /** Files that could not be read. */
  get failed(): readonly FileFailure[] {
    return this.#failed;
  }

  /** What names the rows, by the file of each table. */
  get identities(): ReadonlyMap<string, Identity> {
    return this.#identities;
  }

  /** Rows without a text, which were left out. */
  get empty(): number {
    return this.#empty;
  }

  /** Reads the files, from the first one again each time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Document, void> {
    this.#failed = [];
    this.#identities = new Map();
    this.#empty = 0;
    const progress = startProgress("reading files", this.#paths.length);
    try {
      for (const path of this.#paths) {
        const file = nameOf(path);
        try {
          yield* await this.#documents(path, file);
        } catch (error) {
          this.#options.signal?.throwIfAborted();
          if (error instanceof ConfigurationError) throw error;
          const failure = { file, message: reason(error, path) };
          if (this.#options.failures === "throw")
            throw new DataError(failure.message, { file, cause: error });
          this.#failed.push(failure);
        }
        progress.advance(1, this.#failed.length > 0 ? { failed: this.#failed.length } : {});
      }
    } finally {
      progress.end();
    }
  }

  async #documents(path: string, file: string): Promise<Iterable<Document>> {
    this.#options.signal?.throwIfAborted();
    const extension = extname(path).toLowerCase();
    if (tableExtensions.includes(extension)) return this.#rows(path, file);
    const read = Object.hasOwn(sectionReaders, extension) ? sectionReaders[extension] : undefined;
    if (!read) throw unknownKind(extension);
    const { encoding, mostBytes = 50e6, signal } = this.#options;
    return sectionDocuments(await read(path, { encoding, mostBytes, signal }), file, this.#options);
  }

  async #rows(path: string, file: string): Promise<Iterable<Document>> {
    const { encoding, signal } = this.#options;
    const rows = tableDocuments(await Dataset.read(path, { encoding, signal }), this.#options, file);
    this.#identities.set(file, rows.identity);
    this.#empty += rows.empty;
    return rows;
  }
}

/**
 * The documents of files: of a table (CSV, TSV, JSON, JSON Lines, Parquet, Arrow) one a row, as
 * {@link tableDocuments} makes them; of text, Markdown, HTML, PDF and Word one a chunk, `manual.pdf#3`, which knows
 * its file and page and begins with the headings it stands under. Files are named by their path from the working
 * folder. A file that has become shorter leaves its last chunks in an index unless that is synced.
 *
 * ```ts
 * const documents = readDocuments(["manuals/engine.pdf", "logbook.csv"], { text: "problem" });
 * await index.upsert(documents, { groups: ["mechanics"] });
 * documents.failed; // [{ file: "manuals/engine.pdf", message: "…" }]
 * ```
 */
export function readDocuments(paths: string | Iterable<string>, options: IngestOptions = {}): FileDocuments {
  return new FileDocuments([...new Set(typeof paths === "string" ? [paths] : paths)], options);
}

function unknownKind(extension: string): DataError {
  const known = [...Object.keys(sectionReaders), ...tableExtensions];
  const near = nearest(extension, known);
  return new DataError(
    `unknown extension "${extension}"${near ? `; did you mean "${near}"?` : ""}; expected ${known.join(", ")}`,
  );
}

/** A file's name in ids and sources: the same from run to run, and nothing of the folders above the working one. */
function nameOf(path: string): string {
  return relative(process.cwd(), resolve(path)).split(sep).join("/");
}

/** What is wrong with a file, without its name. */
function reason(error: unknown, path: string): string {
  const { message } = describeError(error);
  return message.startsWith(path) ? message.slice(path.length).replace(/^[:,] /, "") : message;
}
