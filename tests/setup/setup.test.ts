import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

// Set-up as a person starts it, in a clone of its own, with an npm, a compiler, a bundler and a Python that only note
// what they were asked.

const npm = `
  note("npm " + args[0]);
  if (env.NPM_SAYS) fail(env.NPM_SAYS);
  fs.mkdirSync("node_modules/node/bin", { recursive: true });
  fs.symlinkSync(process.execPath, "node_modules/node/bin/node");
  fs.mkdirSync("node_modules/typescript/bin", { recursive: true });
  fs.writeFileSync("node_modules/typescript/bin/tsc", env.TSC);
  fs.mkdirSync("node_modules/rolldown", { recursive: true });
  fs.writeFileSync(
    "node_modules/rolldown/index.js",
    "exports.rolldown = async () => ({ generate: async () => ({ output: [] }), close: async () => undefined });",
  );`;

const tsc = `
  const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
  appendFileSync("asked.log", "tsc\\n");
  const out = process.argv[process.argv.indexOf("--outDir") + 1];
  mkdirSync(out, { recursive: true });
  writeFileSync(out + "/index.js", "");`;

const python = `
  const venv = args.indexOf("venv");
  if (args[0] === "-c") console.log(env.PYTHON_VERSION);
  else if (venv > 0) {
    note("venv");
    if (env.VENV_SAYS) fail(env.VENV_SAYS);
    fs.mkdirSync(args[venv + 1] + "/bin", { recursive: true });
    fs.copyFileSync(process.argv[1], args[venv + 1] + "/bin/python");
  } else if (/embedder_files/.test(args[0])) {
    note("embedder");
  } else {
    const what = args.filter((word) => /requirements|==/.test(word)).map((word) => word.replace(/.*[/]/, ""));
    note((args[1] === "uv" ? "uv " : "pip ") + what);
    if (env.INSTALL_FAILS && new RegExp(env.INSTALL_FAILS).test(what)) fail(env.INSTALL_SAYS);
    if (env.INSTALL_HANGS && new RegExp(env.INSTALL_HANGS).test(what)) {
      const { ppid } = process;
      setInterval(() => process.ppid === ppid || process.exit(), 20);
    }
  }`;

const note = `
  const fs = require("node:fs");
  const { env } = process;
  const args = process.argv.slice(2);
  const note = (line) => fs.appendFileSync(env.CLONE + "/asked.log", line + "\\n");
  const fail = (text) => { fs.writeSync(2, text); process.exit(1); };`;

describe.skipIf(process.platform === "win32")("set-up", () => {
  const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  let clone: string;

  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text, { mode });
  };
  const program = (name: string, code: string) =>
    write(`bin/${name}`, `#!${process.execPath}\n${note}\n${code}`, 0o755);

  beforeEach(() => {
    clone = realpathSync(mkdtempSync(join(tmpdir(), "lmframe-setup-")));
    cpSync(join(repository, "setup"), join(clone, "setup"), { recursive: true });
    write("package.json", `{ "exports": { ".": { "default": "./dist/index.js" } } }`);
    write("package-lock.json", `{ "packages": {} }`);
    write("python/requirements.txt", "mlflow==1\n");
    write("python/requirements-model.txt", "# why\nmodel-file==1\nengine==2\n");
    write("python/requirements-embedder.txt", "weights==1\n");
    write("src/index.ts", "export {};");
    program("npm", npm);
    program("python3", python);
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  const start = (env: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [join(clone, "setup/setup.mjs")], {
      cwd: clone,
      env: { PATH: join(clone, "bin"), CLONE: clone, TSC: tsc, PYTHON_VERSION: "3.12", ...env },
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
      child.on("close", (code) => resolve({ code, said }));
    });
    return { child, ended };
  };
  const setUp = (env?: NodeJS.ProcessEnv) => start(env).ended;

  /** What was asked of the programs since the last look. */
  const asked = () => {
    const log = join(clone, "asked.log");
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    rmSync(log, { force: true });
    return lines;
  };
  const pythonSide = ["venv", "pip uv==0.13.9", "uv requirements.txt", "uv model-file==1", "uv engine==2"];
  const all = ["npm ci", ...pythonSide, "embedder", "tsc"];

  test("does every step once, with progress, and then has nothing to do or say", async () => {
    const { code, said } = await setUp();
    expect([code, asked()]).toEqual([0, all]);
    expect(said).toMatch(/1\/4: npm packages …[^]*ready in [\d.]+ s[^]*2\/4: Python[^]*4\/4: build: ready/);
    expect(existsSync(join(clone, "dist/index.js"))).toBe(true);

    expect(await setUp()).toEqual({ code: 0, said: "" });
    expect(asked()).toEqual([]);
  });

  test("does again only what a changed file asks for", async () => {
    await setUp();
    asked();
    write("src/deep/new.ts", "export {};");
    await setUp();
    expect(asked()).toEqual(["tsc"]);
    write("python/requirements.txt", "mlflow==2\n");
    await setUp();
    expect(asked()).toEqual([...pythonSide, "embedder"]);
    write("python/requirements-embedder.txt", "weights==2\n");
    await setUp();
    expect(asked()).toEqual(["embedder"]);
  });

  test("goes on where it was interrupted, and makes a half-made environment anew", async () => {
    const { child, ended } = start({ INSTALL_HANGS: "requirements" });
    while (
      !existsSync(join(clone, "asked.log")) ||
      !readFileSync(join(clone, "asked.log"), "utf8").includes("uv req")
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
    await ended;
    asked();
    write(".venv/half-made", "");

    expect((await setUp()).code).toBe(0);
    expect(asked()).toEqual([...pythonSide, "embedder", "tsc"]);
    expect(existsSync(join(clone, ".venv/half-made"))).toBe(false);
  });

  test("waits for another set-up of the same clone and does nothing twice", async () => {
    const [first, second] = await Promise.all([setUp(), setUp()]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(asked()).toEqual(all);
    expect(first.said + second.said).toContain("another one is running here");
  });

  test("takes packages that were installed by hand to the same lock as they are", async () => {
    const lock = `{ "packages": { "": {}, "node_modules/a": { "integrity": "sha512-1" } } }`;
    write("package-lock.json", lock);
    await setUp();
    asked();
    rmSync(join(clone, "node_modules/.lmframe-setup"));
    write("node_modules/.package-lock.json", lock);
    await setUp();
    expect(asked()).toEqual([]);

    rmSync(join(clone, "node_modules/.lmframe-setup"));
    write("node_modules/.package-lock.json", lock.replace("sha512-1", "sha512-0"));
    rmSync(join(clone, "node_modules/node"), { recursive: true });
    await setUp();
    expect(asked()).toEqual(["npm ci"]);
  });

  describe("a missing prerequisite is one message with its remedy", () => {
    const stopped = async (env: NodeJS.ProcessEnv) => {
      const { code, said } = await setUp(env);
      expect(code).toBe(1);
      expect(said).not.toMatch(/^\s+at /m);
      return said.slice(said.indexOf("Set-up stopped."));
    };

    test("no Python", async () => {
      rmSync(join(clone, "bin/python3"));
      const message = await stopped({});
      expect(message).toMatch(/Python 3\.11 or later is needed, and none was found[^]*set PYTHON/);
    });

    test("only an old Python", async () => {
      expect(await stopped({ PYTHON_VERSION: "3.9" })).toContain(
        "only older ones were found: python3 is 3.9",
      );
    });

    test("a name that leads nowhere is passed over for one that works", async () => {
      program("python3.13", `fail("version 3.13 is not installed");`);
      expect((await setUp()).code).toBe(0);
    });

    test("PYTHON is tried first", async () => {
      rmSync(join(clone, "bin/python3"));
      program("my-python", python);
      expect((await setUp({ PYTHON: join(clone, "bin/my-python") })).code).toBe(0);
    });

    test("Debian without python3-venv", async () => {
      const message = await stopped({ VENV_SAYS: "Error: ensurepip is not available" });
      expect(message).toContain("apt install python3-venv");
    });

    test("no network", async () => {
      const message = await stopped({
        NPM_SAYS: "npm error code ENOTFOUND\nnpm error getaddrinfo ENOTFOUND",
      });
      expect(message).toMatch(/cannot be reached\. Check the network[^]*what is done stays done/);
    });

    test("a failure of another kind shows what was said, without credentials", async () => {
      const message = await stopped({
        NPM_SAYS: "npm error 403 https://me:secret@registry.example/left-pad",
      });
      expect(message).toContain("403 https://registry.example/left-pad");
    });

    test("no disk", async () => {
      // Node reads the disk through its own binding, so the answer is put in its mouth.
      write(
        "no-disk.cjs",
        `require("node:fs").promises.statfs = async () => ({ bavail: 1000, bsize: 4096 });`,
      );
      const message = await stopped({ NODE_OPTIONS: `--require=${join(clone, "no-disk.cjs")}` });
      expect(message).toMatch(/needs 4\.4 GB of disk, and 0\.0 GB are free/);
    });

    test("a platform without the model's server is told so, and all else goes on", async () => {
      const { code, said } = await setUp({
        INSTALL_FAILS: "engine",
        INSTALL_SAYS: "engine==2 has no wheels with a matching platform tag",
      });
      expect(code).toBe(0);
      expect(said).toMatch(/engine==2 has no build for[^]*OPENAI_BASE_URL[^]*llama-server/);
      expect(await setUp()).toEqual({ code: 0, said: "" });
    });
  });

  test("where uv fails for another reason, pip does the same", async () => {
    program(
      "python3",
      python.replace(`fail(env.INSTALL_SAYS)`, `if (args[1] === "uv") fail("no certificate")`),
    );
    expect((await setUp({ INSTALL_FAILS: "requirements" })).code).toBe(0);
    expect(asked()).toContain("pip requirements.txt");
  });

  test("a build that fails leaves the old one", async () => {
    await setUp();
    const before = statSync(join(clone, "dist/index.js")).mtimeMs;
    write("src/index.ts", "export { broken };");
    write("node_modules/typescript/bin/tsc", `console.log("src/index.ts(1,10): error"); process.exit(2);`);
    const { code, said } = await setUp();
    expect([code, said]).toEqual([1, expect.stringContaining("src/index.ts(1,10): error")]);
    expect(statSync(join(clone, "dist/index.js")).mtimeMs).toBe(before);
  });
});
