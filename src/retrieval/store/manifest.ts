import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigurationError } from "../../core/index.ts";
import { replaceFile } from "../../data/file.ts";

/** A field that documents of a partition have, by the type of its values; each has a column of its own. */
export interface KnownField {
  readonly name: string;
  readonly type: "string" | "number" | "boolean";
  readonly column: string;
}

/** The documents of one exact set of groups: a table of their own, at one of its versions. */
export interface PartitionEntry {
  readonly groups: readonly string[];
  readonly table: string;
  readonly version: number;
  readonly fields: readonly KnownField[];
}

/**
 * What an index is. The tables of LanceDB keep their versions, and the manifest says which of them count: replacing
 * it is what makes a change, so that a writer that is killed has changed nothing.
 */
export interface Manifest {
  readonly format: 1;
  /** Grows with each change. */
  readonly revision: number;
  readonly embedder: { readonly name: string; readonly identity: string };
  /** Of the vectors; null before the first document. */
  readonly dimension: number | null;
  readonly partitions: readonly PartitionEntry[];
}

const fileIn = (folder: string) => join(folder, "index.json");

/** The manifest of the index in `folder`; undefined where there is no index. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const file = fileIn(folder);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const manifest = JSON.parse(text) as Manifest;
  if (manifest.format !== 1) {
    throw new ConfigurationError(
      `${file} is of format ${String(manifest.format)}, and this lmframe reads 1. Update lmframe, or index anew.`,
    );
  }
  return manifest;
}

/** Puts `manifest` in the place of the one that is there, in one step that outlives a crash of the machine. */
export async function replaceManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = fileIn(folder);
  await replaceFile(file, async (temporary) => {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(JSON.stringify(manifest, null, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  await syncFolder(dirname(file));
}

/** A name that was renamed is on disk once its folder is. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The table of a set of groups. Group names are hostile, and never part of a path. */
export function tableName(groups: readonly string[]): string {
  return `p${createHash("sha256").update(JSON.stringify(groups)).digest("hex").slice(0, 32)}`;
}
