import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { ConfigurationError, DataError, nearest } from "../core/errors.ts";

/** The file formats that are read and written. */
export type Format = "csv" | "tsv" | "json" | "jsonl" | "parquet" | "arrow";

const formats: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".tab": "tsv",
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
  ".arrow": "arrow",
  ".feather": "arrow",
};

/** The extensions of files that hold tables. */
export const tableExtensions: readonly string[] = Object.keys(formats);

/** The format that a file's extension names. */
export function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  const format = formats[extension];
  if (format) return format;
  const near = nearest(extension, Object.keys(formats));
  throw new ConfigurationError(
    `${path}: unknown extension "${extension}"${near ? `; did you mean "${near}"?` : ""}; ` +
      `expected ${tableExtensions.join(", ")}, or the option format`,
  );
}

/** A file's name without its folder and ending. */
export function nameOf(path: string): string {
  return basename(path, extname(path));
}

/** The error of opening a file, said in terms of the file; anything else as it came. */
export async function openingError(error: unknown, path: string): Promise<unknown> {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") return new DataError("is a folder; expected a file", { file: path, cause: error });
  if (code === "EACCES") return new DataError("may not be read by this user", { file: path, cause: error });
  if (code !== "ENOENT") return error;
  const names = await readdir(dirname(path)).catch(() => undefined);
  const near = names && nearest(basename(path), names);
  const hint = !names
    ? `; there is no folder ${dirname(path)} here`
    : near
      ? `; did you mean "${near}"?`
      : "";
  return new DataError(`no such file${hint}`, { file: path, cause: error });
}

/**
 * Bytes read at once. The rows of one chunk stand in memory together; this many are dropped again while they are
 * young, where more would grow old and wait for a full collection.
 */
const chunkSize = 1 << 15;

/** The bytes of a file, a chunk at a time, each in the place of the one before it. */
export async function* readBytes(path: string, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  const chunk = Buffer.allocUnsafeSlow(chunkSize);
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunkSize);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    throw await openingError(error, path);
  } finally {
    await file?.close();
  }
}

/**
 * Has `write` make a file beside `path`, then puts it in `path`'s place in one step: whoever reads `path` sees the
 * old file or the new one, never a part.
 */
export async function replaceFile<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const result = await write(temporary);
    await rename(temporary, path);
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}
