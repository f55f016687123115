import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noNotebooks, type Output, readNotebook, runNotebook } from "../support/notebook.ts";
import { noSpark, sparkHome } from "../support/spark-server.ts";

if (noNotebooks) console.info(`skipped: ${noNotebooks}`);
const withoutSpark = noSpark();
if (withoutSpark) console.info(`07-scale runs without its map on Spark: ${withoutSpark}`);

const root = fileURLToPath(new URL("../../", import.meta.url));
const tweets = join(root, "../shared/data/airline_tweets.csv");
const notebooks = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));

function outputs(name: string): Output[] {
  return readNotebook(join(root, "notebooks", name)).cells.flatMap((cell) => cell.outputs ?? []);
}

describe.each(notebooks)("%s as it is committed", (name) => {
  test("has run to its end", () => {
    const cells = readNotebook(join(root, "notebooks", name)).cells.filter(
      ({ cell_type }) => cell_type === "code",
    );
    expect(cells.every(({ execution_count }) => typeof execution_count === "number")).toBe(true);
    expect(outputs(name).filter(({ output_type }) => output_type === "error")).toEqual([]);
  });

  test("tells nothing of the machine it ran on", () => {
    const text = JSON.stringify(outputs(name));
    expect(text).not.toContain(root);
    expect(text).not.toMatch(/(?:127\.0\.0\.1|localhost):\d/);
    expect(text).not.toMatch(/\/(?:home|root|Users|tmp)\//);
  });

  test("carries plotly once at most", () => {
    const carriers = outputs(name).filter(({ data }) => (JSON.stringify(data ?? {}).length ?? 0) > 500_000);
    expect(carriers.length).toBeLessThanOrEqual(1);
  });
});

describe.skipIf(noNotebooks)("headless", () => {
  let folder: string;

  beforeAll(() => {
    // Beside the notebooks' own folder, so that the paths in them lead where they should.
    mkdirSync(join(root, "tests/.tmp"), { recursive: true });
    folder = mkdtempSync(join(root, "tests/.tmp/notebooks-"));
    mkdirSync(join(folder, "notebooks"));
    cpSync(join(root, "notebooks"), join(folder, "notebooks"), { recursive: true });
    cpSync(join(root, "datasets"), join(folder, "datasets"), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (name: string, env: Record<string, string> = {}) => {
    const { error, notebook } = await runNotebook(join(folder, "notebooks", name), {
      timeout: 600,
      env: { LMFRAME_LIMIT: "60", ...env },
    });
    expect(error).toBeNull();
    return JSON.stringify(notebook.cells);
  };

  test("01-first-program runs", { timeout: 600_000 }, async () => {
    expect(await run("01-first-program.ipynb")).toContain("sentiment");
  });

  test("02-feedback-classification runs, and writes its report", { timeout: 600_000 }, async () => {
    await run("02-feedback-classification.ipynb");
    expect(existsSync(join(folder, "reports/feedback-classification.html"))).toBe(true);
  });

  test("03-maintenance-chatbot runs, and writes its report", { timeout: 1_200_000 }, async () => {
    const shown = await run("03-maintenance-chatbot.ipynb", { LMFRAME_LIMIT: "10" });
    expect(shown).toContain("The logbook entries that you may see do not answer this.");
    expect(shown).toContain("evaluate searches as learnt");
    expect(readFileSync(join(folder, "reports/maintenance-chatbot.html"), "utf8")).toContain(
      "Optimised as a whole",
    );
  });

  test("04-optimizers runs, and resumes a search", { timeout: 1_500_000 }, async () => {
    const shown = await run("04-optimizers.ipynb", { LMFRAME_LIMIT: "20" });
    for (const name of ["GEPA", "MIPROv2", "SIMBA", "COPRO", "Best"])
      expect(shown).toContain(`evaluate ${name}`);
    expect(shown).toContain("None better for less: ");
    expect(shown).toMatch(/resumed\s+\d+/);
    expect(shown).toContain("evaluate triage, refined");
    expect(existsSync(join(folder, "reports/triage-critique.html"))).toBe(true);
    expect(shown).toContain("run: true");
  });

  test("05-serving-and-monitoring runs, and writes its report", { timeout: 900_000 }, async () => {
    const shown = await run("05-serving-and-monitoring.ipynb", { LMFRAME_LIMIT: "3" });
    // The first program of the chain is down, and every message was answered all the same.
    expect(shown).toContain("answered: [ 0,");
    expect(shown).toContain("unanswered: 0");
    expect(shown).toContain("aliases: [ 'champion' ]");
    // A round was done, and whatever came of it the first version answers again.
    expect(shown).toMatch(/rows kept apart|none did better/);
    expect(shown).toContain("and now version 0");
    expect(existsSync(join(folder, "reports/customer-service.html"))).toBe(true);
  });

  test("06-reports-and-assistant runs, and writes its report", { timeout: 600_000 }, async () => {
    const shown = await run("06-reports-and-assistant.ipynb");
    expect(shown).toContain("{ questions: 20, right: 20");
    expect(shown).toContain("Ask personnel about the pay of others.");
    expect(existsSync(join(folder, "reports/negative-messages.html"))).toBe(true);
  });

  test(
    "07-scale runs: a pool answers all, a cascade keeps the score for less",
    { timeout: 600_000 },
    async () => {
      const shown = await run("07-scale.ipynb", withoutSpark ? {} : { SPARK_HOME: sparkHome() });
      expect(shown).toContain("ejected");
      expect(shown).toContain("A cascade's score over its cost");
      expect(shown).toContain("and no other more");
      expect(shown).toContain(withoutSpark ? "No Spark here" : "the same: true");
    },
  );

  if (!existsSync(tweets)) console.info("skipped: ../shared/data/airline_tweets.csv is not there");
  test.skipIf(!existsSync(tweets))(
    "02-feedback-classification runs on another table",
    { timeout: 600_000 },
    async () => {
      const shown = await run("02-feedback-classification.ipynb", { LMFRAME_TABLE: tweets });
      expect(shown).toContain("negative");
    },
  );
});
