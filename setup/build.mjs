// Builds src/ to dist/: types and checks by the compiler, one file a module; code bundled into few files, which
// Node loads in a third of the time.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fresh = join(root, `dist.${process.pid}`);

/**
 * Modules of Node whose functions load them when they are first called: 8 ms that an import need not wait for. They are
 * called and nothing else; those of `child_process` are also promisified, for which they have members of their own.
 */
const onUse = ["crypto", "fs/promises", "module", "os", "stream/promises", "timers/promises"];

/** The sources of what `package.json` exports. */
const published = Object.values(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports)
  .filter((entry) => entry.default !== undefined)
  .map((entry) => entry.default.replace(/^\.\/dist\/(.*)\.js$/, "./src/$1.ts"));

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
  const { outputFiles } = await build({
    absWorkingDir: root,
    // What is imported, each file that is started as a program, and what workers elsewhere are bundled from.
    entryPoints: [
      ...published,
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
    write: false,
    sourcemap: true,
    sourcesContent: false,
    logLevel: "error",
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, path.endsWith(".js") ? withBuiltIns(withClassNames(text)) : text);
  }
}

/**
 * Classes are known by name in messages, traces and saved programs, and esbuild calls those that refer to themselves
 * `_Dataset`. Its own remedy, `keepNames`, names every closure when it is made, which is 40 % of the time of a call.
 */
function withClassNames(code) {
  const renamed = [...code.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name]) => name);
  return renamed.reduce(
    (text, name) => text.replace(new RegExp(`(?<![.\\w"'\`])_${name}\\b`, "g"), name),
    code,
  );
}

/**
 * An `import` of one of Node's own modules makes all that is in it, also what Node itself keeps until it is asked for
 * (of `node:util` three modules, of `node:crypto` the whole of Web Crypto): 5 ms for ours.
 */
function withBuiltIns(code) {
  return code.replace(/^import (?:(\w+)|\{([^}]*)\}) from "node:([\w/]+)";/gm, (_, all, some, name) => {
    const module = `process.getBuiltinModule("node:${name}")`;
    if (all !== undefined) return `const ${all} = ${module};`;
    const names = some.split(",").map((part) => part.trim().split(" as "));
    if (!onUse.includes(name))
      return `const { ${names.map((pair) => pair.join(": ")).join(", ")} } = ${module};`;
    return names
      .map(([name, as = name]) => `const ${as} = (...given) => ${module}.${name}(...given);`)
      .join(" ");
  });
}
