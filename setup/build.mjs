// Builds src/ to dist/: types and checks by the compiler, one file a module; code bundled, all that `import "lmframe"`
// needs in one file, which Node loads in a quarter of the time.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

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
  .map((entry) => entry.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts"));

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
  const entries = [
    ...published,
    // What is started as a program, and what workers elsewhere are bundled from.
    ...readdirSync(join(root, "src"), { recursive: true })
      .filter((path) => /(?:^|[\\/])(?:main|owner-watch|row-worker|scoring-worker)\.ts$/.test(path))
      .map((path) => join("src", path)),
  ];
  const sources = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((path) => [path.slice("src/".length, -".ts".length), path])),
    external: /^[^./]/,
    platform: "node",
    transform: { target: "node22.13" },
    preserveEntrySignatures: "allow-extension", // which an own choice of chunks needs
    onLog: (level, log, print) => log.code === "INEFFECTIVE_DYNAMIC_IMPORT" || print(level, log),
  });
  let ofPackage;
  const { output } = await sources.generate({
    chunkFileNames: "chunks/[name]-[hash].js",
    sourcemap: true,
    sourcemapExcludeSources: true,
    charset: "ascii", // Node reads it without decoding
    comments: false, // of functions, which the types tell
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          debugName: "the package",
          name: (id, modules) =>
            (ofPackage ??= imported(join(root, "src", "index.ts"), modules)).has(id) ? "lmframe" : null,
        },
      ],
    },
  });
  await sources.close();
  for (const { type, fileName, code, source } of output) {
    const path = join(fresh, fileName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, type === "chunk" ? withBuiltIns(code) : source);
  }
}

/** A module and all that it imports, without what it loads on use. */
function imported(id, modules, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const next of modules.getModuleInfo(id)?.importedIds ?? []) imported(next, modules, found);
  return found;
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
