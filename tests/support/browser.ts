import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

/** A real browser for the tests of a file; it goes when they end. */
export function useBrowser(): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    // Not the package's own arguments: they put all in one process and lift the web's security.
    browser = await playwright.launch({
      executablePath: await chromium.executablePath(),
      args: ["--no-sandbox", "--disable-gpu"],
    });
  });
  afterAll(() => browser.close());
  return () => browser;
}
