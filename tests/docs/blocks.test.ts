import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Page, pages, root } from "./pages.ts";

// Readers connect to the model they have; here it is a function in this process.
vi.mock("../../src/lm/connect.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/lm/connect.ts")>();
  const connect = async () => {
    const { currentLM } = await import("../../src/lm/current.ts");
    const { answeringModel } = await import("./answering-model.ts");
    const model = original.lm(answeringModel);
    currentLM.set(model);
    return model;
  };
  return { ...original, connect };
});

const documents = pages();
const programs = documents.filter((page) => page.program !== undefined);
// Within the repository, so that packages resolve as for its readers.
const folder = join(root, "tests", ".tmp", "docs");
const fileOf = ({ path }: Page) => join(folder, path.replace(/\.md$/, ".ts"));

beforeAll(() => {
  for (const page of programs) {
    mkdirSync(dirname(fileOf(page)), { recursive: true });
    writeFileSync(fileOf(page), page.program!);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("all TypeScript blocks hold under strict types", () => {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    {
      paths: { lmframe: [join(root, "src/index.ts")], "lmframe/*": [join(root, "src/*/index.ts")] },
      noUnusedLocals: false,
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )!;
  const program = ts.createProgram(programs.map(fileOf), config.options);
  const mistakes = programs.flatMap((page) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(fileOf(page))).map((diagnostic) => {
      const { line } = diagnostic.file!.getLineAndCharacterOfPosition(diagnostic.start!);
      return `${page.path}:${line + 1} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`;
    }),
  );
  expect(mistakes).toEqual([]);
});

describe("the blocks of a page run in order as one program", () => {
  const before = process.cwd();
  let reader: string;

  beforeEach(() => {
    reader = mkdtempSync(join(tmpdir(), "lmframe reader "));
    cpSync(join(root, "datasets"), join(reader, "datasets"), { recursive: true });
    process.chdir(reader);
    vi.stubEnv("LMFRAME_HOME", join(reader, ".lmframe"));
    // Nobody listens there: what is logged waits on disk, as it does for a reader whose server is away.
    vi.stubEnv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9");
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    process.chdir(before);
    rmSync(reader, { recursive: true, force: true });
  });

  test.each(programs.map((page) => [page.path, page] as const))("%s", async (_, page) => {
    const ran = import(/* @vite-ignore */ fileOf(page));
    await expect(ran).resolves.toBeDefined();
  });
});

describe("the commands of a page are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const helps = new Map<string, string>();
  const help = (...verb: string[]) => {
    const name = verb.join(" ");
    if (!helps.has(name)) {
      const main = join(root, "src/cli/main.ts");
      helps.set(
        name,
        execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...verb, "--help"], {
          encoding: "utf8",
        }),
      );
    }
    return helps.get(name)!;
  };

  test.each(documents.flatMap(({ path, commands }) => commands.map((command) => [command, path] as const)))(
    "%s (%s)",
    (command) => {
      const npm = /^npm (?:run )?([\w:]+)/.exec(command);
      if (npm) {
        const builtIn = ["ci", "install", "pack"].includes(npm[1]!);
        expect(builtIn || Object.keys(scripts).includes(npm[1]!)).toBe(true);
        return;
      }
      const lmframe = /^(?:npx )?lmframe (\w+)(?: (\w+))?/.exec(command);
      if (!lmframe) return;
      const [verb, under] = [lmframe[1]!, lmframe[2]];
      const has = (text: string, name: string) => new RegExp(`^  ${name} `, "m").test(text);
      expect(has(help(), verb)).toBe(true);
      const verbs = under !== undefined && /^Commands:/m.test(help(verb)) ? [verb, under] : [verb];
      if (under !== undefined && verbs.length > 1) expect(has(help(verb), under)).toBe(true);
      for (const [flag] of command.replaceAll(/'[^']*'/g, "").matchAll(/--[\w-]+/g)) {
        expect(help(...verbs)).toMatch(new RegExp(`${flag}\\b`));
      }
    },
  );
});

test("links between documents lead somewhere", () => {
  const broken = documents.flatMap(({ path, text }) =>
    [...text.replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "").matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
      .map(([, target]) => join(root, dirname(path), target!))
      .filter((target) => !existsSync(target))
      .map((target) => `${path}: ${relative(root, target)}`),
  );
  expect(broken).toEqual([]);
});
