import { delimiter, dirname, join } from "node:path";
import { packageRoot } from "../../services/own-package.ts";

/** A `NODE_PATH` by which a model's worker on this machine finds the packages that its code leaves out. */
export function nodePath(): string {
  return [
    process.env.NODE_PATH,
    join(process.cwd(), "node_modules"),
    join(packageRoot, "node_modules"),
    dirname(packageRoot), // where this package is installed itself
  ]
    .filter((folder) => folder)
    .join(delimiter);
}
