// Builds src/ to dist/: types and checks by the compiler, one file a module; code bundled into few files, which
// Node loads in a third of the time.
import { build } from "esbuild";
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
try {
  if (status === 0) {
    await bundle();
    rmSync(join(root, "dist"), { recursive: true, force: true });
    renameSync(fresh, join(root, "dist"));
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
process.exitCode = status ?? 1;

async function bundle() {
  await build({
    absWorkingDir: root,
    // What is imported, each file that is started as a program, and what workers elsewhere are bundled from.
    entryPoints: [
      "./src/index.ts",
      "./src/**/main.ts",
      "./src/**/owner-watch.ts",
      "./src/**/scoring-worker.ts",
      "./src/**/row-worker.ts",
    ],
    outbase: "src",
    outdir: fresh,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node22.13",
    // Classes are known by name in messages, traces and saved programs.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: "error",
  });
}
