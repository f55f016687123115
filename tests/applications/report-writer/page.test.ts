import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { ReportWriter } from "../../../src/applications/index.ts";
import { useBrowser } from "../../support/browser.ts";
import { readQuestions } from "./report-questions.ts";

const browser = useBrowser();

test(
  "in a real browser every number leads to the cell that it is, and the charts are drawn",
  { timeout: 120_000 },
  async () => {
    const { tables } = await readQuestions();
    const folder = mkdtempSync(join(tmpdir(), "lmframe page "));
    const page = await browser().newPage();
    try {
      const failed: string[] = [];
      page.on("pageerror", (error) => failed.push(error.message));
      page.on("console", (message) => message.type() === "error" && failed.push(message.text()));
      const writer = new ReportWriter(tables.logbook, { plans: "plain", narrative: "plain" });
      const { report } = await writer.call({ query: "How many entries are there a month?" });
      await page.goto(pathToFileURL(await report.save(join(folder, "report.html"))).href);
      await page.waitForSelector(".chart .plot-container");
      const links = page.locator("#answer a");
      expect(await links.count()).toBe(report.numbers);
      for (const link of await links.all()) {
        const cell = page.locator(`[id="${(await link.getAttribute("href"))!.slice(1)}"]`);
        expect(await cell.textContent()).toContain(await link.textContent());
      }
      // A long table is folded, and opens for whom a link leads into it.
      await links.first().click();
      expect(await page.locator("#a1 details").getAttribute("open")).not.toBeNull();
      expect(failed).toEqual([]);
    } finally {
      await page.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
