import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { currentLM, FunctionModel } from "../../../src/lm/index.ts";
import { Module, Predict } from "../../../src/modules/index.ts";
import { signature } from "../../../src/signature/index.ts";
import { useBrowser } from "../../support/browser.ts";
import { post, useServer } from "../served.ts";
import { task, usePipelines } from "./planted-feedback.ts";

const here = usePipelines();
const server = useServer();
const browser = useBrowser();

interface Figures {
  totals: { calls: number };
  improvement: {
    version: number;
    former: number | null;
    rounds: { version: number; outcome: string; why: string }[];
  };
}
const figures = async (url: string) => (await (await fetch(`${url}/monitor/figures`)).json()) as Figures;

async function until(url: string, holds: (figures: Figures) => boolean): Promise<Figures> {
  for (;;) {
    const now = await figures(url);
    if (holds(now)) return now;
    await pause(50);
  }
}

const labelOf = async (url: string, text: string) => {
  const response = await post(`${url}/invocations`, { dataframe_records: [{ text }] });
  return ((await response.json()) as { predictions: { label: string }[] }).predictions[0]!.label;
};

describe("a served program that improves itself", () => {
  test(
    "feedback over HTTP brings a new champion without a restart, and a call takes it back",
    { timeout: 240_000 },
    async () => {
      const pipeline = await here.open(task.program(), { lookSeconds: 0.05 });
      const { url } = await server.serve(pipeline);
      const jargon = task
        .rows(300, 77)
        .rows()
        .filter(({ text }) => String(text).includes("such a"));
      const right = async () => {
        const labels = await Promise.all(jargon.map(({ text }) => labelOf(url, String(text))));
        return labels.filter((label, place) => label === jargon[place]!.label).length / jargon.length;
      };
      expect(await right()).toBe(0);
      for (const { text, label } of task.rows(120, 1).rows())
        expect((await post(`${url}/feedback`, { question: text, answer: label, rating: 5 })).status).toBe(
          201,
        );
      const now = await until(url, ({ improvement }) => improvement.version === 1);
      expect(now.improvement).toMatchObject({ former: 0, rounds: [{ version: 1, outcome: "promoted" }] });
      // What the search called is nobody's request.
      expect(now.totals.calls).toBe(jargon.length);
      expect(await right()).toBeGreaterThan(0.7);
      await post(`${url}/feedback`, { question: "one more", answer: "billing", rating: 2 });
      expect([...here.feedback().read()].at(-1)).toMatchObject({ question: "one more", version: 1 });

      const back = await fetch(`${url}/improvement/rollback`, { method: "POST" });
      expect(await back.json()).toEqual({ version: 0, why: "by hand" });
      expect(await right()).toBe(0);
      expect((await fetch(`${url}/improvement/rollback`, { method: "POST" })).status).toBe(409);
    },
  );

  test("a rating that comes after a promotion counts for the version that answered", async () => {
    const pipeline = await here.open();
    const { url } = await server.serve(pipeline);
    const versionOf = async (path: string, body: object) =>
      (await post(`${url}${path}`, body)).headers.get("x-lmframe-version");
    const rate = async (more: object) =>
      (await post(`${url}/feedback`, { question: "a", answer: "billing", rating: 2, ...more })).status;
    const text = "a";
    const answered = await versionOf("/stream", { text });
    await here.promote(pipeline, 1, task.program());
    expect(await rate({ version: Number(answered) })).toBe(201);
    expect(await rate({})).toBe(201);
    expect([...here.feedback().read()].map(({ version }) => version)).toEqual([0, 1]);
    for (const version of [2, -1, 0.5, "0"]) expect(await rate({ version }), String(version)).toBe(400);
    const messages = [{ role: "user", content: text }];
    for (const stream of [true, false])
      expect(await versionOf("/v1/chat/completions", { messages, stream })).toBe("1");
    expect(await versionOf("/invocations", { instances: [text] })).toBe("1");
  });

  test("a call under way ends with the version it began with", { timeout: 240_000 }, async () => {
    class Twice extends Module {
      static override signature = signature("text -> label: Literal['billing', 'returns']");
      say = new Predict("text -> label: Literal['billing', 'returns']", "Say it.");
      async forward({ text }: { text: string }) {
        await this.say.call({ text });
        await waiting;
        return this.say.call({ text });
      }
    }
    let go = () => undefined as void;
    const waiting = new Promise<void>((resolve) => (go = resolve));
    const seen: string[] = [];
    currentLM.set(
      new FunctionModel(({ messages }) => {
        seen.push(String(messages.length));
        return '{"label": "billing"}';
      }),
    );
    const pipeline = await here.open(new Twice());
    const call = pipeline.call({ text: "a" });
    await pause(10);
    const { champion } = pipeline;
    const shown = pipeline.champion.with({ say: { demos: [{ text: "b", label: "returns" }] } });
    await here.promote(pipeline, 1, shown);
    expect(pipeline.champion).not.toBe(champion);
    go();
    await call;
    expect(seen).toEqual(["2", "2"]);
    await pipeline.call({ text: "a" });
    expect(seen.slice(2)).toEqual(["4", "4"]);
  });

  test("stopping in the middle of a round leaves it to the next process", { timeout: 240_000 }, async () => {
    await here.rate(120, 1);
    currentLM.set(task.model({ wait: 20 }));
    const pipeline = await here.open();
    const one = await server.serve(pipeline);
    await until(one.url, () => pipeline.state.round !== undefined);
    await one.close();
    expect(pipeline.state).toMatchObject({ champion: 0, round: { challenger: 1 } });
    expect(here.logged).toEqual([]);
    const next = await here.open();
    expect(await next.improve()).toMatchObject({ version: 1, outcome: "promoted" });
  });

  test("the monitor's page tells which version answers, and why", { timeout: 240_000 }, async () => {
    const pipeline = await here.open();
    await here.promote(pipeline, 1, task.program());
    await pipeline.rollback();
    const { url } = await server.serve(pipeline);
    const page = await browser().newPage();
    await page.goto(`${url}/monitor`);
    await page.waitForSelector("#rounds li");
    expect(await page.locator("#version").textContent()).toBe("version 0 answers");
    expect(await page.locator("#rounds li").allTextContents()).toEqual([
      expect.stringMatching(/ · version 1 rolled back: by hand$/),
    ]);
    await page.close();
  });

  test("only operators see versions, and only they go back", async () => {
    const tokens = server.tokens();
    const token = await tokens.add({ principal: { id: "ana", groups: ["a"] } });
    const { url } = await server.serve(await here.open(), { tokens });
    const headers = { authorization: `Bearer ${token}` };
    for (const [path, method] of [
      ["/monitor/figures", "GET"],
      ["/improvement/rollback", "POST"],
    ] as const) {
      // prettier-ignore
      expect((await fetch(url + path, { method })).status).toBe(401);
      expect((await fetch(url + path, { method, headers })).status).toBe(403);
    }
  });
});
