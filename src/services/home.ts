import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const marks = [".lmframe", "package.json", "pyproject.toml", ".git"];

/**
 * The folder of what lmframe keeps for a project: `LMFRAME_HOME`, else `.lmframe` in the nearest folder at or
 * above the working one that looks like a project's root (a notebook runs in a folder below it), else in the
 * working folder.
 */
export function home(): string {
  if (process.env.LMFRAME_HOME) return resolve(process.env.LMFRAME_HOME);
  let folder = process.cwd();
  while (!marks.some((mark) => existsSync(join(folder, mark)))) {
    const above = dirname(folder);
    if (above === folder) return join(process.cwd(), ".lmframe");
    folder = above;
  }
  return join(folder, ".lmframe");
}

/** Makes a folder in {@link home} that only this user can read, and that git leaves alone, and gives its path. */
export async function privateFolder(name: string): Promise<string> {
  const root = home();
  const folder = join(root, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ignore = join(root, ".gitignore");
  if (!existsSync(ignore)) await writeFile(ignore, "*\n");
  return folder;
}
