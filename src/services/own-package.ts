import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where lmframe itself is installed: the nearest folder with a manifest, from `src` and from wherever in `dist`. */
export const packageRoot: string = nearestManifest(dirname(fileURLToPath(import.meta.url)));

function nearestManifest(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, "package.json")) || above === folder ? folder : nearestManifest(above);
}

/** It runs from its build or from its source. */
const built = import.meta.url.endsWith(".js");
const code = join(packageRoot, built ? "dist" : "src");

/** A file of our own package, by its path without ending. */
export function own(name: string): string {
  return join(code, `${name}.${built ? "js" : "ts"}`);
}

/** True for a file of our own package. */
export function isOwn(path: string): boolean {
  return path.startsWith(code + sep);
}

/** What programs import of lmframe, as `package.json` exports it, and the file that each name stands for. */
export const entries: Readonly<Record<string, string>> = {
  lmframe: own("index"),
  "lmframe/applications": own("applications/index"),
  "lmframe/scale": own("scale/index"),
  "lmframe/serving": own("serving/index"),
};

/** Address of the file that a name of {@link entries} stands for; undefined for any other. */
export function entryAddress(specifier: string): string | undefined {
  const file = Object.hasOwn(entries, specifier) ? entries[specifier] : undefined;
  return file === undefined ? undefined : pathToFileURL(file).href;
}
