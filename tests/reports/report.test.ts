import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { display } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { evaluate, type Evaluation } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { RandomSearch } from "../../src/optimizers/index.ts";
import { report, type ReportSubject } from "../../src/reports/index.ts";
import { useBrowser } from "../support/browser.ts";

const browser = useBrowser();
const folder = mkdtempSync(join(tmpdir(), "lmframe report "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A page as a colleague opens it, with what it asked for and what went wrong in it. */
async function open(subject: Evaluation | ReportSubject, options: BrowserContextOptions = {}) {
  const path = await report(subject).save(join(folder, "sub", "report.html"));
  const context = await browser().newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const faults: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const address = pathToFileURL(path).href;
  await page.goto(address);
  return { page, requests, faults, address, close: () => context.close() };
}

const channels = ["email", "chat", "phone"];
const rows = Array.from({ length: 48 }, (_, index) => ({
  text: `message number ${index} about ${index % 2 ? "a suitcase" : "a refund"}`,
  channel: channels[index % 3]!,
  label: index % 2 ? "baggage" : "money",
}));

/** Answers "money" to all where it is told little, and the truth but for every eighth row where it is told more. */
const model = new FunctionModel(({ messages }) => {
  const asked = JSON.stringify(messages.at(-1));
  const number = Number(/number (\d+)/.exec(asked)![1]);
  const told = JSON.stringify(messages[0]).includes("carefully") && number % 8 !== 1;
  return `[[ ## label ## ]]\n${told ? rows[number]!.label : "money"}\n\n[[ ## completed ## ]]`;
});

const metric = exactMatch("label");
const data = Dataset.from(rows);
const plain = new Predict("text -> label: Literal['baggage', 'money']", "Sort the message.").with({
  self: { lm: model },
});
const careful = plain.with({
  self: {
    instructions: "Sort the message carefully.",
    demos: [{ text: "Where is my case?", label: "baggage" }],
  },
});
const before = await evaluate(plain, data, metric, { name: "sorting" });
const after = await evaluate(careful, data, metric, { name: "sorting" });

const sections = (page: Page) => page.locator("main > section").evaluateAll((all) => all.map(({ id }) => id));
const overflow = (page: Page) =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
const drawn = (page: Page) =>
  page
    .locator(".chart")
    .evaluateAll(
      (all) =>
        all.filter((one) => one.querySelector("svg .cartesianlayer .trace, svg .cartesianlayer .point"))
          .length,
    );

describe("a report of a change", () => {
  test("says what changed, draws every chart and asks nothing of anybody", async () => {
    const tuned = await new RandomSearch({ metric, numCandidates: 2, seed: 1 }).compile(plain, {
      train: Dataset.from(rows.slice(0, 12)),
      val: Dataset.from(rows.slice(12, 20)),
    });
    const { page, requests, faults, address, close } = await open({
      title: "Sorting",
      after,
      before,
      search: tuned,
      tracking: { url: "http://127.0.0.1:5000/#/experiments/1" },
      configuration: { seed: 7 },
    });
    expect(await sections(page)).toEqual([
      "summary", "classes", "slices", "spread", "changes", "failures", "prompts", "search", "configuration", "reading",
    ]); // prettier-ignore
    expect(await page.locator(".verdict").textContent()).toBe(after.compare(before).verdict);
    expect(await page.locator(".chart").count()).toBeGreaterThanOrEqual(8);
    expect(await drawn(page)).toBe(await page.locator(".chart").count());
    expect(await page.locator("#slices figcaption").allTextContents()).toEqual(["By channel"]);
    expect(await page.locator("#classes tbody tr").first().textContent()).toMatch(
      /baggage\s+24\s+18\s+1\.000\s+0\.750/,
    );
    expect(await page.locator("#prompts pre ins").allTextContents()).toEqual([" carefully"]);
    expect(await page.locator("#prompts li ins").count()).toBe(1);
    expect(await page.locator("#configuration a").getAttribute("href")).toBe(
      "http://127.0.0.1:5000/#/experiments/1",
    );
    expect(await page.locator("#search tbody tr").count()).toBe(tuned.ranking.length);
    expect(requests).toEqual([address]);
    expect(faults).toEqual([]);
    await close();
  });

  test("shows a prompt that was written anew as the one and then the other", async () => {
    const anew = plain.with({ self: { instructions: "Which desk takes it?" } });
    const { page, close } = await open({ after: await evaluate(anew, data, metric), before });
    expect(await page.locator("#prompts pre").innerHTML()).toBe(
      "<del>Sort the message.</del>\n\n<ins>Which desk takes it?</ins>",
    );
    await close();
  });

  test("is the same page for the same evaluations", async () => {
    expect(await report({ after, before }).html()).toBe(await report({ after, before }).html());
  });

  test("says that a program was kept instead of comparing it with itself", async () => {
    const { page, close } = await open({ after, before: after });
    expect(await page.locator(".verdict").textContent()).toContain("kept as it was");
    expect(await sections(page)).not.toContain("changes");
    await close();
  });

  test("shows itself in a cell by its verdict", () => {
    const shown = report({ after, before })[display]();
    expect(shown["text/plain"]).toContain(after.compare(before).verdict);
    expect(shown["text/html"]).not.toContain("<script");
  });
});

describe("reading", () => {
  test("words and choices narrow down the rows that failed", async () => {
    const terse = new FunctionModel(({ messages }) => {
      const number = Number(/number (\d+)/.exec(JSON.stringify(messages))![1]);
      return number % 6 === 1 ? "hm" : "[[ ## label ## ]]\nmoney\n\n[[ ## completed ## ]]";
    });
    const { page, close } = await open(await evaluate(plain.with({ self: { lm: terse } }), data, metric));
    const shown = page.locator("#failures li:visible");
    const said = page.locator("#failures output");
    expect(await shown.count()).toBe(24);
    await page.getByRole("searchbox").fill("suitcase NUMBER 11");
    expect(await shown.count()).toBe(1);
    expect(await shown.textContent()).toContain("message number 11 about a suitcase");
    expect(await said.textContent()).toBe("1 row");
    await page.getByRole("searchbox").fill("");
    await page.locator("select[name=status]").selectOption({ label: "unreadable" });
    expect(await shown.count()).toBe(8);
    expect(await said.textContent()).toBe("8 rows");
    await page.locator("select[name=predicted]").selectOption({ label: "money" });
    expect(await shown.count()).toBe(0);
    await close();
  });

  test("nothing is wider than a phone", async () => {
    const { page, close } = await open({ after, before }, { viewport: { width: 360, height: 740 } });
    await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    expect(await overflow(page)).toBe(0);
    await close();
  });

  test("page and charts are light on dark where that is wanted", async () => {
    const { page, close } = await open(after, { colorScheme: "dark" });
    const brightness = (colour: string) =>
      colour.match(/\d+/g)!.slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 3; // prettier-ignore
    const paper = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const ink = await page.locator(".chart .xtick text").first().getAttribute("style");
    expect(brightness(paper)).toBeLessThan(50);
    expect(brightness(/fill: (rgb[^;]*)/.exec(ink!)![1]!)).toBeGreaterThan(200);
    await close();
  });

  test("on paper all is unfolded, charts are dark on light and fit, and after it all is as it was", async () => {
    const { page, close } = await open(
      { after, before },
      { colorScheme: "dark", viewport: { width: 700, height: 990 } },
    );
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator("details:not([open])").count()).toBe(0);
    expect(await page.locator(".chart .xtick text").first().getAttribute("style")).toContain("fill: rgb(27, 30, 35)"); // prettier-ignore
    expect(await overflow(page)).toBe(0);
    expect(await page.locator(".tools").first().isVisible()).toBe(false);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator("details:not([open])").count()).toBeGreaterThan(0);
    await close();
  });

  test("by keyboard: the first stop leads past the navigation, and what scrolls can be reached", async () => {
    const { page, close } = await open({ after, before });
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the report");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    expect(await page.locator(".scroll:not([tabindex='0'][aria-label])").count()).toBe(0);
    expect(await page.locator(".chart:not([role=img][aria-label])").count()).toBe(0);
    await close();
  });

  test("without scripts the charts' words and all rows are there", async () => {
    const { page, close } = await open(after, { javaScriptEnabled: false });
    const text = await page.locator("body").innerText();
    expect(text).toContain("Most often confused");
    expect(await page.locator(".chart:visible, .tools:visible").count()).toBe(0);
    await close();
  });
});

describe("hostile text", () => {
  const run = "window.ran=1";
  const attacks = [
    `<script>${run}</script>`,
    `</script><script>${run}</script>`,
    `<img src=x onerror="${run}">`,
    `"><svg onload=${run}>`,
    `' autofocus onfocus='${run}`,
    `<a href="javascript:${run}">x</a>`,
    `</style></title></textarea></noscript><iframe src="https://example.invalid/"></iframe>`,
    "${window.ran=1}{{constructor.constructor('window.ran=1')()}}%{customdata[0]}",
    `<!--<script>]]>\u2028\u2029&lt;script&gt;`,
    `<link rel=stylesheet href=https://example.invalid/x.css><style>@import "https://example.invalid/y.css"</style>`,
  ];

  test("in rows, labels, columns, prompts, names, settings and errors runs nothing and asks for nothing", async () => {
    const hostile = attacks.map((attack) => [`${attack} before`, `${attack} after`]).flat();
    const table = Dataset.from(
      Array.from({ length: 80 }, (_, index) => ({
        text: hostile[index % hostile.length]!,
        label: attacks[index % attacks.length]!,
        [`<img src=x onerror=${run}>`]: attacks[index % 2]!,
      })),
    );
    let turn = 0;
    const echo = new FunctionModel(() => {
      turn++;
      if (turn % 7 === 0) return attacks[turn % attacks.length]!;
      if (turn % 11 === 0) throw new TypeError(attacks[turn % attacks.length]);
      return `[[ ## label ## ]]\n${attacks[(turn * 3) % attacks.length]}\n\n[[ ## completed ## ]]`;
    });
    const told = new Predict("text -> label", attacks.join("\n")).with({ self: { lm: echo } });
    const retold = told.with({
      self: {
        instructions: attacks.toReversed().join("\n"),
        demos: attacks.map((text) => ({ text, label: text })),
      },
    });
    const name = attacks.join(" ");
    const [was, is] = [
      await evaluate(told, table, metric, { name }),
      await evaluate(retold, table, metric, { name }),
    ];
    const candidate = {
      id: "a",
      origin: attacks[0]!,
      parents: [attacks[1]!],
      edits: { [attacks[2]!]: { instructions: attacks[3]! } },
    };
    const { page, requests, faults, address, close } = await open({
      title: name,
      after: is,
      before: was,
      search: {
        optimizer: attacks[2]!,
        candidates: [candidate],
        ranking: [{ candidate, score: 1 }],
        used: { [attacks[3]!]: { rollouts: 1, calls: 1, tokens: 1, cost: null } },
        seconds: 1,
        stopped: attacks[4],
      },
      tracking: { url: `javascript:${run}` },
      configuration: { [attacks[0]!]: attacks[2]! },
    });
    await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    // Whoever reads moves over the charts: labels also speak in what pops up.
    for (const chart of await page.locator(".chart").all()) await chart.hover();
    await page.locator("select").first().selectOption({ index: 1 });
    await page.getByRole("searchbox").fill(attacks[0]!);
    expect(await drawn(page)).toBe(await page.locator(".chart").count());
    // A label is read as text, not as the markup of charts.
    expect(await page.locator("#classes .ytick text").allTextContents()).toContain(
      "<script>window.ran=1</s…",
    );
    expect(await page.evaluate("window.ran")).toBeUndefined();
    expect(faults).toEqual([]);
    expect(requests).toEqual([address]);
    expect(await page.locator("main img, main iframe, main link, main style, main [onerror], main [onload], main [onfocus]").count()).toBe(0); // prettier-ignore
    expect(await page.locator("main script:not([type='application/json'])").count()).toBe(0);
    expect(await page.locator("a[href^='javascript']").count()).toBe(0);
    expect(await page.locator("#prompts pre").textContent()).toContain(attacks[0]);
    await close();
  });

  test("the page's policy runs no script that is not its own, whatever came through", async () => {
    const { page, close } = await open(after);
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="${run}">')`,
    );
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement("script"), { textContent: "${run}" }))`,
    );
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
    expect(await page.evaluate("window.ran")).toBeUndefined();
    await close();
  });
});
