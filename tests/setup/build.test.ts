import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

describe("the build", () => {
  let clone: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  };
  const node = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: clone, encoding: "utf8" });
    return { status, stdout };
  };

  beforeAll(() => {
    clone = realpathSync(mkdtempSync(join(tmpdir(), "lmframe-build-")));
    for (const path of ["setup", "tsconfig.json", "tsconfig.build.json", "package.json"]) {
      cpSync(join(repository, path), join(clone, path), { recursive: true });
    }
    symlinkSync(join(repository, "node_modules"), join(clone, "node_modules"), "junction");
    write("src/room/count.ts", "export const count: number = 3;\n");
    write(
      "src/index.ts",
      `export { count } from "./room/count.ts";\n` +
        `export const later: () => Promise<typeof import("./room/count.ts")> = () => import("./room/count.ts");\n`,
    );
    write(
      "src/room/main.ts",
      `#!/usr/bin/env node\nimport { count } from "./count.ts";\n` +
        `class Shown { static last: Shown | undefined; get again(): Shown { return new Shown(); } }\n` +
        `console.log(count, (Shown.last = new Shown()).again.constructor.name);\n`,
    );
    for (const entry of ["applications", "scale", "serving"]) write(`src/${entry}/index.ts`, "export {};\n");
    write(
      "src/built-in/main.ts",
      `import { execFile } from "node:child_process";\n` +
        `import { createHash as digest } from "node:crypto";\n` +
        `import { readFile } from "node:fs/promises";\n` +
        `import path, { sep } from "node:path";\n` +
        `import * as os from "node:os";\n` +
        `import { promisify } from "node:util";\n` +
        `const { stdout } = await promisify(execFile)(process.execPath, ["-p", "1 + 1"]);\n` +
        `const { name } = JSON.parse(await readFile("package.json", "utf8")) as { name: string };\n` +
        `console.log(stdout.trim(), name, path.sep === sep, os.EOL.length > 0, digest("sha256").digest("hex").slice(0, 4));\n`,
    );
    expect(node("setup/build.mjs")).toEqual({ status: 0, stdout: "" });
  });
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  test("runs as JavaScript", () => {
    const code = `import { count, later } from "./dist/index.js"; console.log(count + (await later()).count);`;
    expect(node("--input-type=module", "-e", code).stdout).toBe("6\n");
  });

  test("Node's own modules do what they do where they are imported, promisified as well", () => {
    expect(node("dist/built-in/main.js").stdout).toBe("2 lmframe true true e3b0\n");
  });

  test("builds each main.ts as a program, its classes known by their names", () => {
    expect(node("dist/room/main.js").stdout).toBe("3 Shown\n");
  });

  // A type that is not found is `any`, and then every one of these lines would pass.
  test.each([
    ["5.0 of the notebook kernel", "@tslab/typescript-for-tslab/lib/tsc.js", "commonjs", "node"],
    ["today's compiler", "typescript/bin/tsc", "nodenext", "nodenext"],
  ])("keeps its types in %s", (_, compiler, module, resolution) => {
    const strict = { noEmit: true, strict: true, skipLibCheck: true, target: "es2022", types: ["node"] };
    const compilerOptions = { ...strict, module, moduleResolution: resolution };
    write("user/tsconfig.json", JSON.stringify({ compilerOptions, files: ["user.ts"] }));
    write(
      "user/user.ts",
      `import { count, later } from "../dist/index.js";\n` +
        `export const right: number = count;\nexport const wrong: string = count;\n` +
        `export const alsoWrong: Promise<{ count: string }> = later();\n`,
    );
    const { stdout } = node(join("node_modules", compiler), "-p", "user");
    expect([...stdout.matchAll(/user\.ts\((\d+),/g)].map(([, line]) => Number(line))).toEqual([3, 4]);
  });

  test("leaves the last good build where there is an error, and nothing half-made", () => {
    write("src/broken.ts", "export const broken: number = 'text';\n");
    const { status, stdout } = node("setup/build.mjs");
    expect(status).not.toBe(0);
    expect(stdout).toContain("src/broken.ts(1,14): error");
    expect(existsSync(join(clone, "dist/index.js"))).toBe(true);
    expect(existsSync(join(clone, "dist/broken.js"))).toBe(false);
    expect(readdirSync(clone).filter((name) => name.startsWith("dist"))).toEqual(["dist"]);
  });
});
