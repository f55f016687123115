import { describe, expect, test } from "vitest";
import {
  answersFromLogbook,
  backtest,
  maintenanceReport,
  MaintenanceChatbot,
  measureChatbot,
  measureRetrieval,
  recurringFaults,
} from "../../../src/applications/index.ts";
import { evaluate } from "../../../src/evaluate/index.ts";
import { FunctionModel } from "../../../src/lm/index.ts";
import { FunctionRetriever } from "../../../src/modules/index.ts";
import { BootstrapFewShot } from "../../../src/optimizers/index.ts";
import { Answerability } from "../../../src/retrieval/index.ts";

const hostile = `<img src=x onerror="alert(1)">`;
const logbook = [
  { date: "2026-01-01", component: "pump", problem: "PUMP LEAKS", action: `REPL'D ${hostile}` },
  { date: "2026-02-01", component: hostile, problem: "BENT", action: "STRAIGHTENED" },
  { date: "2026-03-01", component: "pump", problem: "PUMP LEAKS", action: `REPL'D ${hostile}` },
];
const index = new FunctionRetriever("log", async (query) => [
  {
    id: "1",
    text: "pump leaks",
    source: {},
    fields: logbook[0]!,
    score: 1,
    similarity: query.includes("pump") ? 0.9 : 0.1,
  },
]);
const principal = { id: "ann", groups: ["line"] };
const questions = [
  {
    question: `Why ${hostile} pump?`,
    relevant: "1",
    answer: "It was replaced.",
    answerable: true,
    overlap: "words",
  },
  {
    question: "Why the pump, and what is love?",
    relevant: null,
    answer: null,
    answerable: false,
    overlap: null,
  },
];

describe("maintenanceReport", () => {
  test("tells of search, refusals, time, failed questions and recurring faults; no text of theirs is HTML", async () => {
    const lm = new FunctionModel(() => '{"urgency": "routine"}', { abilities: { jsonSchema: true } });
    const chatbot = new MaintenanceChatbot(index, {
      answerability: new Answerability({ weights: [10, 0, -5], threshold: 0.5 }),
    }).withLM(lm);
    const page = await maintenanceReport({
      measures: await measureChatbot(chatbot, questions, { principal }),
      retrieval: await measureRetrieval(index, questions, { principal }),
      faults: recurringFaults(logbook),
      outlook: backtest(logbook, { asOf: "2026-02-10" }),
    }).html();
    for (const id of ["retrieval", "refusals", "stages", "failed-questions", "recurring"])
      expect(page).toContain(`<section id="${id}"`);
    expect(page).not.toContain("<img src=x");
    expect(page).toContain("&#60;img src=x");
    // The question that cannot be answered was, and is shown with what was found for it.
    expect(page).toMatch(/what is love\?[^]*a refusal[^]*PUMP LEAKS/);
    // The pump failed again within the days looked at, and was the likeliest of two to.
    expect(page).toContain("of the 1 entries of the 90 days");
  });

  test("tells what optimising it as a whole brought on unseen questions; searches of a model are no HTML", async () => {
    const lm = new FunctionModel(
      ({ messages, responseFormat }) => {
        const { properties } = responseFormat!.schema as { properties: object };
        // It finds the pump where it was shown how, or is asked by number.
        const shown = messages.length > 2 || JSON.stringify(messages.at(-1)).includes("number");
        const search_query = `${shown ? "pump" : "thing"} ${hostile}`;
        return JSON.stringify("urgency" in properties ? { urgency: "soon" } : { search_query });
      },
      { abilities: { jsonSchema: true } },
    );
    const chatbot = (queries: "asked" | "written") =>
      new MaintenanceChatbot(index, {
        queries,
        answerability: new Answerability({ weights: [10, 0, -5], threshold: 0.5 }),
      }).withLM(lm);
    const questions = (word: string) =>
      Array.from({ length: 6 }, (_, place) => ({
        ...{ question: `Why, ${word} ${place}?`, relevant: "1", answer: "Replaced", answerable: true },
        overlap: null,
      }));
    const unseen = questions("then");
    const measure = (one: MaintenanceChatbot) => evaluate(one, unseen, answersFromLogbook, { principal });
    const search = await new BootstrapFewShot({
      metric: answersFromLogbook,
      threshold: 0.5,
      maxLabeledDemos: 0,
    }).compile(chatbot("written"), {
      train: questions("number"),
      val: questions("and"),
      frozen: ["urgency"],
      principal,
    });
    const page = await maintenanceReport({
      measures: await measureChatbot(chatbot("asked"), questions("then"), { principal }),
      retrieval: await measureRetrieval(index, questions("then"), { principal }),
      faults: recurringFaults(logbook),
      optimized: {
        before: await measure(chatbot("written")),
        after: await measure(search.program),
        search,
        asked: await measure(chatbot("asked")),
      },
    }).html();
    const section = page.slice(page.indexOf('<section id="as-a-whole"')).split("</section>")[0]!;
    // The one entry that there is is always found; that it answers is seen in what is said.
    expect(section).toMatch(/as it was<\/th>\s*<td>0\.500<\/td>\s*<td>1\.000<\/td>\s*<td>0\.000<\/td>/);
    expect(section).toMatch(/optimised<\/th>\s*<td>0\.700<\/td>\s*<td>1\.000<\/td>\s*<td>0\.400<\/td>/);
    expect(section).toContain("Really better");
    expect(section).toContain("pump &#60;img src=x");
    expect(section).not.toContain("<img src=x");
  });
});
