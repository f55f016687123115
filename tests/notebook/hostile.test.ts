import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser.ts";
import { kernelEnvironment, noNotebooks, runNotebook, writeNotebook } from "../support/notebook.ts";

if (noNotebooks) console.info(`skipped: ${noNotebooks}`);

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Everything that a notebook shows of data and replies, with texts that would like to run. */
const cells = [
  `import { ChainOfThought, configure, confusionChart, Dataset, evaluate, exactMatch, FunctionModel, history, LabeledFewShot, Predict, report, signature } from "lmframe";
const attacks = [
  "<script>window.hacked = 1</script>",
  "</script><script>window.hacked = 1</script>",
  "<img src=x onerror='window.hacked = 1'>",
  "<a href='javascript:window.hacked=1'>click</a>",
  "<iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>",
  "\\"><svg onload=window.hacked=1>",
];
const model = new FunctionModel(({ messages }) => JSON.stringify({ label: attacks[JSON.stringify(messages.at(-1)).length % attacks.length] }));
configure({ lm: model });`,
  `const rows = Dataset.from(attacks.map((text, index) => ({ [attacks[2]!]: text, text, label: attacks[(index + 1) % attacks.length]! })));
rows`,
  `signature({ instructions: attacks[0]!, inputs: { text: { description: attacks[1]! } }, outputs: { label: "str" } })`,
  `const program = new Predict("text -> label", attacks[0]!);
const evaluation = await evaluate(program, rows, exactMatch("label"), { name: attacks[4]! });
evaluation`,
  `confusionChart(evaluation)`,
  `await new LabeledFewShot({ metric: exactMatch("label"), k: 2 }).compile(program, { train: rows, val: rows })`,
  `report({ title: attacks[0]!, after: evaluation })`,
  `history(3)`,
];

describe.skipIf(noNotebooks)("a notebook of hostile text", () => {
  const browser = useBrowser();
  let folder: string;
  let page: string;

  beforeAll(async () => {
    // Beneath the project, where `lmframe` is found by its own name.
    mkdirSync(join(root, "tests/.tmp"), { recursive: true });
    folder = mkdtempSync(join(root, "tests/.tmp/hostile-"));
    const path = writeNotebook(join(folder, "hostile.ipynb"), cells);
    const { error } = await runNotebook(path, { inPlace: true });
    expect(error).toBeNull();
    await run(
      join(root, ".venv/bin/python"),
      [
        "-m",
        "nbconvert",
        "--to",
        "html",
        "--HTMLExporter.require_js_url=",
        "--HTMLExporter.mathjax_url=",
        path,
      ],
      { env: await kernelEnvironment() },
    );
    page = path.replace(/ipynb$/, "html");
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("runs nothing and requests nothing in a browser", async () => {
    const tab = await browser().newPage();
    const requested: string[] = [];
    tab.on("request", (request) => requested.push(request.url()));
    const dialogs: string[] = [];
    tab.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await tab.goto(pathToFileURL(page).href);
    await tab.waitForSelector(".js-plotly-plot svg");
    await tab.waitForTimeout(500);
    expect(await tab.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect(dialogs).toEqual([]);
    expect(requested.filter((url) => url !== pathToFileURL(page).href && !url.startsWith("data:"))).toEqual(
      [],
    );
    // The texts are there to read; a page that lost them would pass the rest.
    expect(await tab.textContent("body")).toContain("<script>window.hacked = 1</script>");
    expect(await tab.locator("a[href^='javascript:']").count()).toBe(0);
  });
});
