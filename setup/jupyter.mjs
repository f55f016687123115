import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "./problem.mjs";
import { interpreterOf } from "./python.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The Python that has Jupyter, and the environment in which it finds our kernel, and the kernel our Node. The
 * environment carries the caller's.
 */
export function jupyter(env = process.env) {
  const python = interpreterOf(join(root, ".venv"));
  if (!existsSync(python)) throw new Problem("Jupyter is not installed here yet. Run: npm run setup");
  const path = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const joined = (...places) => places.filter(Boolean).join(delimiter);
  return {
    python,
    env: {
      ...env,
      [path]: joined(join(root, "node_modules", ".bin"), env[path]),
      JUPYTER_PATH: joined(env.JUPYTER_PATH, join(root, "jupyter")),
    },
  };
}
