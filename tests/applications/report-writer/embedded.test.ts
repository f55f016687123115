import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ReportWriter } from "../../../src/applications/index.ts";
import { connect, currentLM } from "../../../src/lm/index.ts";
import { expectComputed, readQuestions, tells } from "./report-questions.ts";

let reason = "";

beforeAll(async () => {
  for (const name of ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"]) vi.stubEnv(name, "");
  try {
    await connect();
  } catch (error) {
    reason = (error as Error).message;
  }
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  currentLM.set(undefined);
});

/** No new question is begun after this long: the model is slow where others use the machine too. */
const enough = 150_000;

test(
  "whatever the embedded model plans and writes, every number of a report was computed, and there are three",
  { timeout: 600_000 },
  async ({ skip }) => {
    if (reason !== "") return skip(`no embedded model here: ${reason}`);
    const { questions, tables } = await readQuestions();
    const started = performance.now();
    const found: string[] = [];
    for (const question of questions) {
      if (found.length > 0 && performance.now() - started > enough) break;
      // The first with a plan of the model's as well, which it takes long to write.
      const plans = found.length === 0 ? "written" : "plain";
      const writer = new ReportWriter(tables[question.table], { plans });
      const { report } = await writer.call({ query: question.question }, { maxTokens: 120, temperature: 0 });
      expectComputed(report);
      expect(report.numbers).toBeGreaterThanOrEqual(3);
      const by = report.sentences.filter((sentence) => sentence.by === "model").length;
      found.push(
        `${question.id}: plan by ${report.parts.planned.by}, ${by} of ${report.sentences.length} sentences by the model, ` +
          `${report.dropped.length} left out, ${tells(report, question) ? "tells" : "does not tell"} the figure`,
      );
    }
    console.info(found.join("\n"));
  },
);
