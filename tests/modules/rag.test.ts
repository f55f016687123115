import { describe, expect, test } from "vitest";
import { ConfigurationError, record, type Span } from "../../src/core/index.ts";
import { FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import {
  AdaptiveRAG,
  CitedAnswer,
  type Passage,
  type Principal,
  RAG,
  Retrieve,
  FunctionRetriever,
  type SearchOptions,
} from "../../src/modules/index.ts";
import { callSettings } from "../../src/modules/index.ts";

const passage = (id: string, text: string, fields: Passage["fields"] = {}): Passage => ({
  id,
  text,
  source: { file: "log.csv", row: Number(id) },
  fields,
  score: 1 / Number(id),
});
const log = [
  passage("1", "ROCKER COVER LEAKING", { action: "REPLACED GASKET", note: null }),
  passage("2", "MAIN TYRE WORN", { action: "REPLACED TYRE" }),
  passage("3", "OIL COOLER BAFFLE LOOSE", {}),
];

/** Finds the entries that hold the query's words, and notes what it was asked. */
function planted() {
  const asked: { query: string; options: SearchOptions; principal: Principal | undefined }[] = [];
  const retriever = new FunctionRetriever("log", async (query, options = {}) => {
    asked.push({ query, options, principal: options.principal ?? callSettings().principal });
    const words = query.toUpperCase().split(/\W+/);
    return log.filter(({ text }) => words.some((word) => text.split(" ").includes(word))).slice(0, options.k);
  });
  return { retriever, asked };
}

/** A model that answers by the outputs that are asked of it. */
function model(answers: Readonly<Record<string, unknown>>) {
  const prompts: string[] = [];
  const lm = new FunctionModel(
    ({ messages, responseFormat }: LMRequest) => {
      prompts.push(messages.map(({ content }) => content as string).join("\n"));
      const { properties } = responseFormat!.schema as { properties: Record<string, unknown> };
      const given = (name: string): unknown => {
        const answer = answers[name];
        return Array.isArray(answer) && answer[0] === "turns"
          ? (answer as unknown[]).splice(1, 1)[0]
          : answer;
      };
      return JSON.stringify(Object.fromEntries(Object.keys(properties).map((name) => [name, given(name)])));
    },
    { abilities: { jsonSchema: true } },
  );
  return { lm, prompts };
}

describe("RAG", () => {
  test("writes a query, searches, and answers from what was found, with its citations", async () => {
    const { retriever, asked } = planted();
    const { lm, prompts } = model({
      reasoning: "r",
      search_query: "rocker cover",
      answer: "The gasket was replaced.",
      citations: [1],
    });
    const out = await new RAG(retriever, { k: 3 }).call({ question: "What leaked?" }, { lm });
    expect(out).toEqual({
      answer: "The gasket was replaced.",
      citations: [1],
      search_query: "rocker cover",
      retrieved_context: ["ROCKER COVER LEAKING\naction: REPLACED GASKET"],
      passages: [log[0]],
    });
    expect(asked).toMatchObject([{ query: "rocker cover", options: { k: 3 } }]);
    expect(prompts.at(-1)).toContain("REPLACED GASKET");
    expect(prompts.at(-1)).toContain("What leaked?");
  });

  test("invents no citation: those of no passage are left out, repeats too", async () => {
    const { lm } = model({ reasoning: "", answer: "a", citations: [2, 0, 7, -1, 2, 1] });
    const out = await new CitedAnswer().call({ context: ["x", "y"], question: "q" }, { lm });
    expect(out).toEqual({ answer: "a", citations: [2, 1] });
  });

  test("searches for the question where the query cannot be read, or is empty", async () => {
    for (const search_query of [undefined, "  "]) {
      const { retriever, asked } = planted();
      const { lm } = model({ reasoning: "", search_query, answer: "a", citations: [] });
      await new RAG(retriever).call({ question: "tyre" }, { lm });
      expect(asked.map(({ query }) => query)).toEqual(["tyre"]);
    }
  });

  test("asks for no query with rewrite: false, and for no reasons with reasoning: false", async () => {
    const { retriever } = planted();
    const { lm, prompts } = model({ answer: "a", citations: [] });
    const rag = new RAG(retriever, { rewrite: false, reasoning: false });
    expect((await rag.call({ question: "tyre" }, { lm })).search_query).toBe("tyre");
    expect(prompts).toHaveLength(1);
    expect([...rag.predictors().keys()]).toEqual(["answer.step"]);
  });

  test("has its predictors by their places, as DSPy spells them", () => {
    const { retriever } = planted();
    expect([...new RAG(retriever).predictors().keys()]).toEqual(["query.predict", "answer.step.predict"]);
  });

  test("shows the conversation to the step that writes the query", async () => {
    const { retriever, asked } = planted();
    const { lm, prompts } = model({ reasoning: "", search_query: "tyre", answer: "a", citations: [] });
    const history = { messages: [{ question: "Which wheel?", answer: "The LEFT MAIN." }] };
    await new RAG(retriever).call({ question: "What was done to it?", history }, { lm });
    expect(prompts[0]).toContain("The LEFT MAIN.");
    expect(asked[0]!.query).toBe("tyre");
  });

  test("searches on behalf of the principal of the call; an input of that name changes nothing", async () => {
    const { retriever, asked } = planted();
    const { lm } = model({ reasoning: "", search_query: "tyre", answer: "a", citations: [] });
    const principal = { id: "ann", groups: ["line"] };
    const inputs = { question: "q", principal: { id: "eve", groups: ["all"] } };
    await new RAG(retriever).call(inputs, { lm, principal });
    expect(asked[0]!.principal).toEqual(principal);
  });

  test("is heard of as a search within the program", async () => {
    const { retriever } = planted();
    const { lm } = model({ reasoning: "", search_query: "tyre", answer: "a", citations: [] });
    const spans: Span[] = [];
    await record(spans, () => new RAG(retriever).call({ question: "q" }, { lm }));
    const search = spans.find(({ kind }) => kind === "retriever");
    expect(search).toMatchObject({ name: "log", inputs: { query: "tyre", k: 5 }, result: [log[1]] });
    expect(search!.parent?.name).toBe("Retrieve");
  });

  test("refuses a k that is no number of passages", () => {
    expect(() => new Retrieve(planted().retriever, { k: 0 })).toThrow(ConfigurationError);
  });
});

describe("AdaptiveRAG", () => {
  const ask = async (answers: Readonly<Record<string, unknown>>, options = {}) => {
    const { retriever, asked } = planted();
    const { lm } = model({ answer: "a", citations: [1], ...answers });
    const rag = new AdaptiveRAG(retriever, { reasoning: false, ...options });
    const out = await rag.call({ question: "tyre" }, { lm });
    return { out, queries: asked.map(({ query }) => query) };
  };

  test("searches for a simple question as it stands", async () => {
    const { out, queries } = await ask({ search_strategy: "simple" });
    expect(queries).toEqual(["tyre"]);
    expect(out).toMatchObject({ search_strategy: "simple", refined_query: "tyre", passages: [log[1]] });
  });

  test("searches for a vague one by a refined query", async () => {
    const { out, queries } = await ask({
      search_strategy: "refined",
      complete: true,
      refined_query: "rocker",
    });
    expect(queries).toEqual(["rocker"]);
    expect(out).toMatchObject({ refined_query: "rocker", passages: [log[0]] });
  });

  test("searches hop by hop, and stops when it has all; what is found twice stands once", async () => {
    const { out, queries } = await ask({
      search_strategy: "multi_hop",
      complete: ["turns", false, true],
      refined_query: ["turns", "tyre cooler", "none"],
    });
    expect(queries).toEqual(["tyre", "tyre cooler"]);
    expect(out.passages).toEqual([log[1], log[2]]);
    expect(out.contexts[1]).toBe("OIL COOLER BAFFLE LOOSE");
  });

  test("makes no more hops than it may", async () => {
    const { queries } = await ask(
      { search_strategy: "multi_hop", complete: false, refined_query: "cover" },
      { hops: 2 },
    );
    expect(queries).toEqual(["tyre", "cover"]);
  });
});
