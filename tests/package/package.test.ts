import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);

/** What a user writes, with one mistake on the line that says so. */
const program = `
import { ChainOfThought, Dataset, Module, Predict, RandomSearch, evaluate, exactMatch, mlflow, report, signature } from "lmframe";
import { CustomerService } from "lmframe/applications";
import { pool } from "lmframe/scale";
import { serve } from "lmframe/serving";

const classify = new Predict("text -> sentiment: Literal['negative', 'neutral', 'positive']", "Classify.");
class Chatbot extends Module {
  static override signature = signature("question -> answer, citations: list[int]");
  query = new ChainOfThought("question -> search_query");
  answer = new Predict("passages: list[str], question -> answer, citations: list[int]");
  async forward({ question }: { question: string }) {
    const { search_query, reasoning } = await this.query.call({ question });
    return this.answer.call({ passages: [search_query, reasoning], question });
  }
}
async function main(): Promise<void> {
  const { sentiment } = await classify.call({ text: "Lost my bag again" });
  const label: "negative" | "neutral" | "positive" = sentiment;
  const { answer, citations } = await new Chatbot().call({ question: "What leaked?" });
  const first: number | undefined = citations[0];
  const rows = await Dataset.read("feedback.csv");
  const { train, val, test } = rows.split({ train: 0.5, val: 0.2, test: 0.3, seed: 7, stratify: "sentiment" });
  const tuned = await new RandomSearch({ metric: exactMatch("sentiment") }).compile(classify, { train, val });
  const result = await evaluate(tuned.program, test, exactMatch("sentiment"));
  await mlflow.log(result);
  await report(result).save("report.html");
  const { escalate } = await new CustomerService().call({ inquiry: "My bag is gone" });
  const serious: boolean = escalate;
  await (await serve(classify, { port: 0 })).close();
  void [label, answer, first, serious, pool];
}
void main;
void classify.call({ txt: "misspelt" }); // mistake
void new Predict("text -> label: strng"); // mistake
void new Chatbot().call({ query: "" }); // mistake
classify.call({ text: "" }).then(({ sentiment }) => sentiment === "hostile"); // mistake
`;

const mistakes = program
  .split("\n")
  .flatMap((line, index) => (line.endsWith("// mistake") ? [index + 1] : []));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-package-"));
  await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }');
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "lmframe"));
  await writeFile(join(folder, "program.ts"), program);
});

/** Lines of the program at which a compiler finds mistakes. */
async function linesWithErrors(compiler: string, options: Record<string, unknown>): Promise<number[]> {
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: "ES2022",
        types: [],
        ...options,
      },
      files: ["program.ts"],
    }),
  );
  const output = await run(process.execPath, [compiler, "-p", folder, "--pretty", "false"]).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  const lines = [...output.matchAll(/^(?:.*[/\\])?program\.ts\((\d+),/gm)].map((match) => Number(match[1]));
  const elsewhere = output
    .split("\n")
    .filter((line) => line.includes("error TS") && !line.includes("program.ts("));
  expect(elsewhere).toEqual([]);
  return [...new Set(lines)];
}

describe("the built package", () => {
  test.each([
    [
      "the notebook kernel's 5.0.4",
      "@tslab/typescript-for-tslab/lib/tsc.js",
      { moduleResolution: "node", module: "commonjs", baseUrl: "." },
    ],
    ["the project's own", "typescript/lib/tsc.js", { moduleResolution: "nodenext", module: "nodenext" }],
    ["the current one", "typescript-next/bin/tsc", { moduleResolution: "nodenext", module: "nodenext" }],
  ] as const)(
    "its types hold in TypeScript, %s: every mistake is found, and nothing else",
    async (_name, compiler, options) => {
      expect(await linesWithErrors(join(root, "node_modules", compiler), options)).toEqual(mistakes);
    },
  );

  test("importing it loads no package at all", async () => {
    const hooks = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      await import(${JSON.stringify(pathToFileURL(join(root, "dist/index.js")).href)});
      console.log(JSON.stringify(loaded.filter((url) => url.includes("node_modules"))));
    `;
    const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", hooks]);
    expect(JSON.parse(stdout)).toEqual([]);
  });

  test("a cell can require it, and gets the same copy as an import", async () => {
    const code = `
      const required = require(${JSON.stringify(join(root, "dist/index.js"))});
      import(${JSON.stringify(pathToFileURL(join(root, "dist/index.js")).href)}).then((imported) => console.log(imported.Predict === required.Predict));
    `;
    const { stdout, stderr } = await run(process.execPath, ["-e", code]);
    expect(stdout.trim()).toBe("true");
    expect(stderr).toBe("");
  });

  test("its files are whole: what package.json names is there", async () => {
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      main: string;
      types: string;
      bin: Record<string, string>;
      files: string[];
    };
    for (const path of [manifest.main, manifest.types, ...Object.values(manifest.bin), ...manifest.files]) {
      expect(() => require("node:fs").statSync(join(root, path))).not.toThrow();
    }
  });
});
