import { describe, expect, test } from "vitest";
import {
  answersFromLogbook,
  entryText,
  expandShorthand,
  logbookDocuments,
  MaintenanceChatbot,
  measureChatbot,
  measureWhole,
} from "../../../src/applications/index.ts";
import { currentLM, FunctionModel } from "../../../src/lm/index.ts";
import { callSettings, type Passage, FunctionRetriever } from "../../../src/modules/index.ts";
import { evaluate } from "../../../src/evaluate/index.ts";
import { GEPA } from "../../../src/optimizers/index.ts";
import { Answerability } from "../../../src/retrieval/index.ts";

const entry = (id: string, problem: string, action: string, similarity: number): Passage => ({
  id,
  text: expandShorthand(`${problem} | ${action}`),
  source: { file: "log.csv", row: Number(id) },
  fields: { date: "2026-01-02", aircraft: "QL-A", component: "pump", problem, action },
  score: similarity,
  similarity,
});
const pump = entry("1", "L/H FUEL PUMP INOP", "PUMP REPL'D", 0.8);
const tyre = entry("2", "TIRE WORN", "NEW TIRE", 0.4);

/** Finds the pump for what speaks of pumps, something far from it else; nothing for those outside the group. */
const index = new FunctionRetriever("log", async (query) => {
  if (!callSettings().principal?.groups.includes("line")) return [];
  return /pump/i.test(query) ? [pump, tyre] : [{ ...tyre, similarity: 0.1 }];
});
const principal = { id: "ann", groups: ["line"] };
const answerability = new Answerability({ weights: [10, 0, -5], threshold: 0.5 });

function planted(answers: Readonly<Record<string, unknown>> = {}) {
  const asked: string[] = [];
  const lm = new FunctionModel(
    ({ messages, responseFormat }) => {
      asked.push(messages.at(-1)!.content as string);
      const { properties } = responseFormat!.schema as { properties: object };
      const given: Readonly<Record<string, unknown>> = { urgency: "soon", reasoning: "", ...answers };
      return JSON.stringify(Object.fromEntries(Object.keys(properties).map((name) => [name, given[name]])));
    },
    { abilities: { jsonSchema: true } },
  );
  return { lm, asked };
}

describe("MaintenanceChatbot", () => {
  test("quotes what was done, written out, with the entry as it stands", async () => {
    const { lm } = planted();
    const out = await new MaintenanceChatbot(index, { answerability }).call(
      { question: "The fuel pump is dead" },
      { lm, principal },
    );
    expect(out).toMatchObject({
      answer: "Pump replaced",
      answered: true,
      urgency: "soon",
      citations: [
        {
          id: "1",
          text: "2026-01-02 QL-A pump: L/H FUEL PUMP INOP PUMP REPL'D",
          source: { file: "log.csv", row: 1 },
        },
      ],
    });
    expect(out.follow_up).toContain("1");
  });

  test("refuses what the entries do not hold, and asks no model for an answer", async () => {
    const { lm, asked } = planted({ answer: "Paris", citations: [1] });
    const chatbot = new MaintenanceChatbot(index, { answerability, answers: "written" });
    const out = await chatbot.call({ question: "What is the capital of France?" }, { lm, principal });
    expect(out).toMatchObject({ answered: false, citations: [] });
    expect(out.answer).not.toContain("Paris");
    expect(asked).toHaveLength(1);
  });

  test("writes from the entries, and cites those the model names, of those that were found", async () => {
    const { lm, asked } = planted({ answer: "It was changed.", citations: [2, 9], follow_up: "Run it." });
    const chatbot = new MaintenanceChatbot(index, { answerability, answers: "written" });
    const out = await chatbot.call({ question: "pump?" }, { lm, principal });
    expect(out).toMatchObject({ answer: "It was changed.", follow_up: "Run it." });
    expect(out.citations.map(({ id }) => id)).toEqual(["2"]);
    expect(asked.some((prompt) => prompt.includes("L/H FUEL PUMP INOP PUMP REPL'D"))).toBe(true);
  });

  test("cites the entry that holds a written answer's words where the model cites none, and no other", async () => {
    const cited = async (answer: string) => {
      const { lm } = planted({ answer, citations: [], follow_up: "" });
      const chatbot = new MaintenanceChatbot(index, { answerability, answers: "written" });
      return (await chatbot.call({ question: "pump?" }, { lm, principal })).citations.map(({ id }) => id);
    };
    expect(await cited("A new tire was put on as it was worn.")).toEqual(["2"]);
    expect(await cited("Somebody painted the hangar green.")).toEqual([]);
  });

  test("understands a question from the conversation before it", async () => {
    const { lm } = planted({ search_query: "What was done to the pump?" });
    const history = { messages: [{ question: "Is the pump dead?", answer: "Yes." }] };
    const chatbot = new MaintenanceChatbot(index, { answerability });
    const out = await chatbot.call({ question: "And what was done?", history }, { lm, principal });
    expect(out).toMatchObject({ search_query: "What was done to the pump?", answered: true });
  });

  test("shows nothing to who may see nothing", async () => {
    const { lm } = planted();
    const chatbot = new MaintenanceChatbot(index, { answerability });
    const eve = { id: "eve", groups: ["paint"] };
    const out = await chatbot.call({ question: "pump" }, { lm, principal: eve });
    expect(out).toMatchObject({ answered: false, citations: [], passages: [] });
  });
});

test("measureChatbot counts answers, refusals, citations and time", async () => {
  const { lm } = planted();
  const chatbot = new MaintenanceChatbot(index, { answerability }).withLM(lm);
  const questions = [
    {
      question: "pump?",
      relevant: "1;7",
      answer: "The pump was replaced.",
      answerable: true,
      overlap: "words",
    },
    {
      question: "motor?",
      relevant: "1",
      answer: "The pump was replaced.",
      answerable: true,
      overlap: "none",
    },
    { question: "Paris?", relevant: null, answer: null, answerable: false, overlap: null },
    { question: "Which pump was best?", relevant: null, answer: null, answerable: false, overlap: null },
  ];
  const measures = await measureChatbot(chatbot, questions, { principal });
  expect(measures.abstention).toMatchObject({
    answeredRight: 1,
    refusedWrong: 1,
    refusedRight: 1,
    answeredWrong: 1,
    answerRate: 0.5,
    refusalRate: 0.5,
  });
  // "Pump replaced" has both of its words among the three of "pump was replaced"; the refusal scores 0.
  expect([...measures.answers.rows].map(({ score }) => score)).toEqual([0.8, 0]);
  expect(measures.comparison.rows).toBe(2);
  expect(measures.citations).toEqual({ precision: 0.5, recall: 0.25, invented: 0 });
  expect(measures.latency.map(({ stage }) => stage)).toEqual(["search", "urgency", "whole"]);
  for (const { median, p90 } of measures.latency) expect(p90).toBeGreaterThanOrEqual(median);
});

test("a table that lacks a column is an error that names the nearest", async () => {
  const { lm } = planted();
  const chatbot = new MaintenanceChatbot(index, { answerability }).withLM(lm);
  const table = [{ question: "pump?", relevants: "1", answer: "a", answerable: true }];
  await expect(measureChatbot(chatbot, table, { principal })).rejects.toThrow(/"relevant".*"relevants"/);
});

describe("shorthand", () => {
  test("is written out word by word, and only whole words", () => {
    expect(expandShorthand("L/H ALT INOP.")).toBe("left alternator inoperative, does not work.");
    expect(expandShorthand("R&R'D BATT & RE-CK'D")).toBe("removed and replaced battery and re-checked");
    expect(expandShorthand("ALTITUDE 2ND")).toBe("altitude 2nd");
    expect(expandShorthand("FOO", { foo: "bar" })).toBe("bar");
    expect(expandShorthand("CONSTRUCTOR TOSTRING")).toBe("constructor tostring");
  });
});

describe("logbookDocuments", () => {
  const rows = [
    { id: "a", component: "battery", aircraft: "QL-A", problem: "BATT DEAD", action: "REPL'D", hours: 7 },
    { id: "b", component: "battery", aircraft: "QL-B", problem: "", action: "NONE", hours: 8 },
  ];

  test("are searched in plain words and keep the entry; a row without a problem is none", () => {
    expect([...logbookDocuments(rows)]).toEqual([
      {
        id: "a",
        text: "battery QL-A | battery dead | replaced",
        source: { row: 1 },
        fields: expect.objectContaining({ problem: "BATT DEAD", action: "REPL'D", hours: 7 }) as object,
      },
    ]);
  });

  test("an entry reads with its date, aircraft and component; a passage of prose as it is", () => {
    expect(entryText(pump)).toBe("2026-01-02 QL-A pump: L/H FUEL PUMP INOP PUMP REPL'D");
    expect(entryText({ text: "Torque to 30 Nm.", fields: {} })).toBe("Torque to 30 Nm.");
  });
});

describe("optimised as a whole", () => {
  /** Writes queries that find the pump only where its instructions say what to name. */
  const rule = "Name the pump.";
  const lm = new FunctionModel(
    ({ messages, responseFormat }) => {
      const { properties } = responseFormat!.schema as { properties: object };
      const told = JSON.stringify(messages[0]!.content);
      const given: Readonly<Record<string, unknown>> = {
        urgency: "soon",
        search_query: told.includes(rule) ? "pump" : "something",
        lessons: "queries miss the part",
        instructions: rule,
        reasoning: "",
      };
      return JSON.stringify(Object.fromEntries(Object.keys(properties).map((name) => [name, given[name]])));
    },
    { abilities: { jsonSchema: true } },
  );
  const rows = Array.from({ length: 12 }, (_, n) => ({
    question: `Why does it leak, number ${n}?`,
    relevant: "1",
    answer: "Pump replaced",
    answerable: true,
    overlap: null,
  }));

  test("the query is written anew where entries and answers are better for it", async () => {
    const chatbot = new MaintenanceChatbot(index, { answerability, queries: "written" });
    const gepa = new GEPA({ metric: answersFromLogbook, seed: 1, promptModel: lm });
    currentLM.set(lm);
    try {
      const { before, after, program } = await gepa.compile(chatbot, {
        train: rows.slice(0, 6),
        val: rows.slice(6),
        principal,
        budget: { rollouts: 60 },
      });
      expect([before, after]).toEqual([0, 1]);
      expect(program.standalone.state.instructions).toContain(rule);
      const nobody = await gepa.compile(chatbot, { train: rows, budget: { rollouts: 30 } });
      expect([nobody.before, nobody.after]).toEqual([0, 0]);
    } finally {
      currentLM.set(undefined);
    }
  });

  test("the score tells search and answer apart, and a refusal that is right", () => {
    const outputs = { answered: true, answer: "Pump replaced", passages: [tyre], search_query: "tire" };
    const context = { trace: [] };
    const scored = (row: object, said: object) =>
      answersFromLogbook(row as never, said as never, context) as { score: number; feedback: string };
    expect(scored(rows[0]!, outputs).score).toBe(0.5);
    expect(scored(rows[0]!, { ...outputs, passages: [pump, tyre] }).score).toBe(1);
    expect(scored(rows[0]!, { ...outputs, answered: false }).feedback).toContain("refused");
    const unanswerable = { ...rows[0]!, answerable: false, relevant: null, answer: null };
    expect(scored(unanswerable, outputs).score).toBe(0);
    expect(scored(unanswerable, { ...outputs, answered: false }).score).toBe(1);
  });

  test("an evaluation is taken apart into search, answer and refusal; an unreadable reply counts 0 in each", async () => {
    const unanswerable = (question: string) => ({
      ...rows[0]!,
      question,
      relevant: null,
      answer: null,
      answerable: false,
    });
    const questions = [
      { question: "pump?", relevant: "1;7", answer: "Pump replaced", answerable: true, overlap: null },
      { question: "garbled?", relevant: "1", answer: "Pump replaced", answerable: true, overlap: null },
      unanswerable("motor?"),
      unanswerable("pump price?"),
      unanswerable("garbled price?"),
    ];
    const reader = new FunctionModel(
      ({ messages }) =>
        JSON.stringify(messages).includes("garbled") ? "nothing" : JSON.stringify({ urgency: "soon" }),
      { abilities: { jsonSchema: true } },
    );
    const chatbot = new MaintenanceChatbot(index, { answerability });
    const evaluation = await evaluate(chatbot, questions, answersFromLogbook, { lm: reader, principal });
    const { whole, ...parts } = measureWhole(evaluation);
    expect(parts).toEqual({ found: 0.25, said: 0.5, refused: 1 / 3 });
    expect(whole).toBe(evaluation.score);
    expect(whole).toBeCloseTo((0.75 + 0 + 1 + 0 + 0) / 5, 9);
  });
});
