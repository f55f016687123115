import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { home, privateFolder } from "../services/index.ts";

/** Where a server keeps a file of its own: `serving/` in the project's `.lmframe`. */
export function ownFile(name: string): string {
  return join(home(), "serving", name);
}

/** Makes the folder of a file, for this user alone; git leaves the project's own alone. */
export async function makeFolderOf(file: string): Promise<void> {
  if (file === ownFile(basename(file))) await privateFolder("serving");
  else await mkdir(dirname(file), { recursive: true, mode: 0o700 });
}
