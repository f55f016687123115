import { afterEach, expect, test, vi } from "vitest";
import { ConfigurationError, listen, RefusedError, type Span } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import {
  callSettings,
  Module,
  type Passage,
  FunctionRetriever,
  type Principal,
  type SearchOptions,
  withCallSettings,
} from "../../src/modules/index.ts";
import { rerank } from "../../src/retrieval/index.ts";

const passages: Passage[] = ["oil", "fuel", "tyre", "door"].map((text, at) => ({
  id: text,
  text,
  source: {},
  fields: { at },
  score: 1 - at / 10,
  similarity: 0.5,
}));
const asked: SearchOptions[] = [];
const retriever = new FunctionRetriever("logbook", async (_, options = {}) => {
  asked.push(options);
  return passages.slice(0, options.k);
});

/** A program that answers with this order, and remembers what it was shown. */
class Answering extends Module {
  shown: unknown;
  principal: Principal | undefined;
  readonly order: readonly number[] | Error;
  constructor(order: readonly number[] | Error) {
    super();
    this.order = order;
  }
  async forward(inputs: { query: string; passages: string[] }): Promise<{ order: readonly number[] }> {
    this.shown = inputs;
    this.principal = callSettings().principal;
    if (this.order instanceof Error) throw this.order;
    return { order: this.order };
  }
}
const ids = (found: readonly Passage[]) => found.map(({ id }) => id);

afterEach(() => {
  vi.restoreAllMocks();
  asked.length = 0;
});

test("passages come in the program's order, those it does not name after it", async () => {
  const program = new Answering([3, 9, 1, 3, 0, -1, 1.5]);
  const principal = { id: "ana", groups: ["mechanics"] };
  const found = await rerank(retriever, { program }).search("flat", { principal, mode: "text" });
  expect(ids(found)).toEqual(["tyre", "oil", "fuel", "door"]);
  expect(found[0]).toEqual({ ...passages[2], score: 1 });
  expect(found[1]!.score).toBe(1 / 2);
  expect(program.shown).toEqual({
    query: "flat",
    passages: ["oil\nat: 0", "fuel\nat: 1", "tyre\nat: 2", "door\nat: 3"],
  });
  expect(asked).toEqual([{ principal, mode: "text", k: 20 }]);
  expect(program.principal).toBe(principal);
});

test("more are found than are given, so that one of the last can come first", async () => {
  const found = await rerank(retriever, { program: new Answering([4]), depth: 4 }).search("x", { k: 1 });
  expect(ids(found)).toEqual(["door"]);
});

test("where the model fails, passages come as they were found, and it shows", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const spans: Span[] = [];
  const leave = listen({ end: (span) => void spans.push(span) }, ["retriever"]);
  const program = new Answering(new RefusedError("no"));
  const found = await rerank(retriever, { program }).search("x", { k: 2 });
  leave();
  expect(found).toEqual(passages.slice(0, 2));
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("RefusedError: no"));
  expect(spans.at(-1)!.attributes.rerankError).toBe("RefusedError: no");
});

test("a mistake in the set-up or the program is thrown", async () => {
  for (const error of [new ConfigurationError("no model"), new TypeError("of the program")]) {
    await expect(rerank(retriever, { program: new Answering(error) }).search("x")).rejects.toBe(error);
  }
  expect(() => rerank(retriever, { depth: 0 })).toThrow(/invalid depth: 0/);
});

test("by default a predictor is asked, with the model of the call", async () => {
  const lm = new FunctionModel(() => JSON.stringify({ order: [2, 1] }), {
    name: "orders",
    abilities: { jsonSchema: true },
  });
  const found = await withCallSettings({ lm }, () => rerank(retriever).search("x", { k: 2 }));
  expect(ids(found)).toEqual(["fuel", "oil"]);
});
