import { mkdir, readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../../core/index.ts";
import { home, privateFolder } from "../../services/home.ts";

/** Where indexes are kept. */
export interface IndexPlace {
  /** The folder that holds a folder for each index. Default: `indexes` in the project's `.lmframe`. */
  readonly directory?: string | undefined;
}

const nameForm = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/i;

/** The folder of an index. Throws ConfigurationError for a name that is none: it becomes part of a path. */
export function folderOf(name: string, { directory }: IndexPlace): string {
  if (!nameForm.test(name)) {
    throw new ConfigurationError(
      `invalid name of an index: ${JSON.stringify(name)}; expected up to 64 letters, digits, points, hyphens and ` +
        "underscores, the first and last a letter or digit",
    );
  }
  return join(directory ?? join(home(), "indexes"), name);
}

/** Makes the folder of an index, for this user alone. */
export async function makeFolder(name: string, place: IndexPlace): Promise<string> {
  const folder = folderOf(name, place);
  if (place.directory === undefined) return privateFolder(join("indexes", name));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The names of the indexes there are, in order. */
export async function indexNames({ directory }: IndexPlace = {}): Promise<string[]> {
  const folder = directory ?? join(home(), "indexes");
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => existsSync(join(folder, name, "index.json"))).sort();
}
