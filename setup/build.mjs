// Compiles src/ to dist/: one file a module, with types and source maps.
import { spawnSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fresh = join(root, `dist.${process.pid}`);

// The compiler by its own path: the notebook kernel's fork of it takes the name node_modules/.bin/tsc.
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(
  process.execPath,
  [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh, "--noEmitOnError"],
  { cwd: root, stdio: "inherit" },
);

// Whoever runs from dist/ meanwhile finds the old build or the new one, never a half.
if (status === 0) {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(fresh, join(root, "dist"));
} else {
  rmSync(fresh, { recursive: true, force: true });
}
process.exitCode = status ?? 1;
