import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { mlflow, startTracing } from "../../src/tracking/index.ts";
import { useBrowser } from "../support/browser.ts";
import { realMlflow } from "./real-mlflow.ts";

const server = realMlflow();
const browser = useBrowser();

/** Waits until a page of MLflow's shows all these texts. */
async function shows(page: Page, path: string, texts: readonly string[]): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${server.uri}/#${path}`);
  for (const text of texts) {
    await expect
      .poll(async () => (await page.innerText("body")).replace(/\s+/g, " "), { timeout: 20_000 })
      .toContain(text);
  }
}

test("run, model, version, prompts, trace and session are there for people to see", async () => {
  const name = `pages${Date.now()}`;
  const lm = new FunctionModel(() => '{"label": "bad"}', { name: "model-of-the-page" });
  const classify = new Predict("text -> label", { instructions: "Sort what a customer wrote.", lm });
  const tracing = startTracing();
  const evaluation = await evaluate(
    classify,
    Dataset.from([{ text: "Lost my bag", label: "bad" }]),
    exactMatch("label"),
    { name: "on the test rows" },
  );
  const logged = await mlflow.log(evaluation, { model: { name, registeredName: true }, prompts: name });
  const answer = await mlflow.withSession({ id: "chat-17", user: "ann" }, () =>
    classify.call({ text: "Where is my bag?" }),
  );
  await mlflow.assess(answer, { name: "helpful", value: true, by: { person: "ann" } });
  await tracing.stop();

  const page = await browser().newPage({ viewport: { width: 1600, height: 900 } });
  const experiment = `/experiments/${await server.client.findExperiment(server.experiment)}`;
  await shows(page, `${experiment}/runs/${logged.runId}`, [
    "on the test rows",
    "Finished",
    `${name} (v1)`,
    `lmframe-${name}`,
    "avg_latency_ms",
  ]);
  await shows(page, `${experiment}/models/${logged.model!.modelId}`, [name, "Ready", "on the test rows"]);
  await shows(page, `/models/lmframe-${name}/versions/1`, [
    "Version 1",
    "on the test rows",
    "Inputs (1)",
    "Outputs (2)",
  ]);
  await shows(page, `/prompts/${name}`, ["Version 1", "Sort what a customer wrote."]);
  await shows(page, `${experiment}/traces`, ["Where is my bag?", "chat-17", "Lost my bag"]);
  await shows(page, `${experiment}/chat-sessions/chat-17`, ["Where is my bag?", "helpful"]);
  await page.close();
}, 180_000);
