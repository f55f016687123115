import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { Module } from "../../src/modules/index.ts";
import { type History, signature } from "../../src/signature/index.ts";
import { useBrowser } from "../support/browser.ts";
import { useServer } from "./served.ts";

const browser = useBrowser();
const here = useServer();

const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>&lt;b&gt;`;

/** Answers with what would run if it were not escaped, and cites what would too. */
class Hostile extends Module {
  static override signature = signature(
    "question, history: Optional[History] -> answer, citations: list[dict[str, Any]], urgency",
    `Answers. ${hostile}`,
  );
  async forward({ question, history }: { question: string; history?: History | null }) {
    if (question.includes("fail")) throw new Error(hostile);
    return {
      answer: `${hostile} ${question} after ${history?.messages.length ?? 0}`,
      citations: [{ id: `${hostile}1`, text: `entry ${hostile}`, source: { file: "log.csv", row: 4 } }],
      urgency: hostile,
    };
  }
}

async function open(
  url: string,
  width = 1000,
): Promise<{ page: Page; faults: string[]; leave: () => Promise<void> }> {
  const context = await browser().newContext({ viewport: { width, height: 800 } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  return { page, faults, leave: () => context.close() };
}

const overflow = (page: Page) =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

describe("the page", () => {
  test("asks by keyboard, opens a citation, rates; what is hostile is text", async () => {
    const { url } = await here.serve(new Hostile());
    const { page, faults, leave } = await open(url);
    await page.locator("#question:focus").waitFor();
    await page.keyboard.type("Why?");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".cited");
    expect(await page.locator(".answer").textContent()).toBe(`${hostile} Why? after 0`);
    const summary = page.locator(".cited summary");
    expect(await summary.textContent()).toBe(`${hostile}1 · log.csv, row 4`);
    expect(await page.locator(".cited p").isVisible()).toBe(false);
    await summary.focus();
    await page.keyboard.press("Enter");
    expect(await page.locator(".cited p").textContent()).toBe(`entry ${hostile}`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.getByText("Thank you.").waitFor();
    expect(await page.getByRole("button", { name: "Good answer" }).getAttribute("aria-pressed")).toBe("true");
    expect([...here.feedback().read()]).toMatchObject([
      { question: "Why?", answer: `${hostile} Why? after 0`, rating: 5, context: [{ id: `${hostile}1` }] },
    ]);
    await page.locator("#question").fill("And then?");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText("And then? after 1").waitFor();
    await page.locator("#question").fill("fail");
    await page.keyboard.press("Enter");
    await page.locator("li.failed").waitFor();
    expect(await page.locator("li.failed .answer").textContent()).toBe(
      "the program failed; the server's log says why",
    );
    expect(await page.title()).toBe("Hostile");
    expect(await page.locator("main img, main script, main b").count()).toBe(0);
    expect(faults).toEqual([]);
    await leave();
  });

  test("fits a phone", async () => {
    const { url } = await here.serve(new Hostile());
    const { page, leave } = await open(url, 360);
    await page.locator("#question").fill(`What about ${"verylongword".repeat(20)}?`);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".cited");
    await page
      .locator("main details")
      .evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    expect(await overflow(page)).toBe(0);
    const small = await page
      .locator("button:visible")
      .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 44).length);
    expect(small).toBe(0);
    for (const path of ["/monitor", "/docs"]) {
      await page.goto(url + path);
      expect(await overflow(page), path).toBe(0);
    }
    await leave();
  });

  test("tries a row, and says what is wrong with it", async () => {
    class Sorter extends Module {
      static override signature = signature(
        "text, count: int, kind: Literal['a', 'b'], note: Optional[str] -> label",
      );
      async forward(row: { text: string; count: number; kind: string }) {
        return { label: JSON.stringify(row) };
      }
    }
    const { url } = await here.serve(new Sorter());
    const { page, leave } = await open(url);
    expect(await page.locator("#ask").count()).toBe(0);
    await page.getByLabel("text").fill(hostile);
    await page.getByLabel("count").fill("3");
    await page.getByLabel("kind").selectOption("b");
    await page.getByRole("button", { name: "Run" }).click();
    await page.locator("#outputs dd").waitFor();
    expect(await page.locator("#outputs dd").textContent()).toBe(
      JSON.stringify({ text: hostile, count: 3, kind: "b" }),
    );
    await page.getByLabel("count").fill('"many"');
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText('column "count"').waitFor();
    await leave();
  });

  test("takes a token, keeps it in its tab, and shows figures to operators", async () => {
    const tokens = here.tokens();
    const { url } = await here.serve(new Hostile(), { tokens });
    const { page, leave } = await open(url);
    await page.locator("#question").fill("Why?");
    await page.keyboard.press("Enter");
    await page.getByText("a valid token is needed").waitFor();
    const token = await tokens.add({ principal: { id: "ana", groups: ["g"] }, operator: true });
    expect(await page.locator("#subtitle").textContent()).toBe("");
    await page.getByLabel("Your token").fill(token);
    await page.getByLabel("Your token").blur();
    await page.getByText("Answers. <img").waitFor();
    await page.locator("#question").fill("Why?");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".cited");
    await page.getByRole("link", { name: "How it does" }).click();
    await page.locator("#figures tr").first().waitFor();
    expect(await page.locator("#figures tr").first().textContent()).toBe("calls11");
    const other = await open(`${url}/monitor`);
    await other.page.getByText("a valid token is needed").waitFor();
    await Promise.all([leave(), other.leave()]);
  });

  test("runs nothing but its own script", async () => {
    const { url } = await here.serve(new Hostile());
    const { page, leave } = await open(url);
    const ran = await page.evaluate(`(() => {
      const made = document.createElement("script");
      made.textContent = "document.title = 'taken'";
      document.body.append(made);
      return document.title;
    })()`);
    expect(ran).toBe("Hostile");
    await leave();
  });
});
