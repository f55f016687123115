import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ConfigurationError,
  ModelError,
  RateLimitError,
  TooLongError,
  UnreachableError,
} from "../../src/core/index.ts";
import { withCallSettings } from "../../src/modules/index.ts";
import { endpointEmbedder, type EndpointEmbedderOptions, Index } from "../../src/retrieval/index.ts";
import { indexFolder } from "./index-folder.ts";

interface Body {
  model: string;
  input: string[];
  dimensions?: number;
}
type Answer = { status?: number; headers?: Record<string, string>; body: unknown };

let server: Server;
let asked: Body[];
let keys: (string | undefined)[];
let answer: (body: Body, call: number) => Answer;
let underWay = 0;
let mostUnderWay = 0;

/** Length of the text, and whether it holds an "x": a vector that is not of length 1. */
const vectorOf = (text: string) => [text.length, text.includes("x") ? 3 : 0, 4];
const listOf = ({ input }: Body) => ({
  body: { data: input.map((text, index) => ({ index, embedding: vectorOf(text) })) },
});

beforeEach(async () => {
  asked = [];
  keys = [];
  answer = listOf;
  underWay = mostUnderWay = 0;
  server = createServer((request, response) => {
    let text = "";
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    request.on("data", (piece: Buffer) => (text += piece.toString()));
    request.on("end", () => {
      const body = JSON.parse(text) as Body;
      asked.push(body);
      keys.push(request.headers.authorization);
      const { status = 200, headers, body: reply } = answer(body, asked.length - 1);
      setTimeout(() => {
        underWay--;
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(typeof reply === "string" ? reply : JSON.stringify(reply));
      }, 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const embedder = (options: Partial<EndpointEmbedderOptions> = {}) =>
  endpointEmbedder({
    model: "test-embedding",
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    cache: false,
    retry: { firstWait: 0.001, longestWait: 0.002, attempts: 4 },
    ...options,
  });
test("what was embedded for one set of groups is asked for anew by another: no time tells what others asked", async () => {
  const kept = embedder({ cache: true, identity: "of audiences" });
  const ask = (...groups: string[]) =>
    withCallSettings({ principal: { id: groups.join(), groups } }, () => kept.embed(["Is the rig closed?"]));
  const counts: number[] = [];
  for (const groups of [["red"], ["red"], ["blue"], ["blue", "red"], ["red", "blue"], ["blue"]]) {
    await ask(...groups);
    counts.push(asked.length);
  }
  expect(counts).toEqual([1, 1, 2, 3, 3, 3]);
});

test("a search asks on behalf of the principal it names, and so does an upload", async () => {
  const kept = embedder({ cache: true, identity: "of principals" });
  const index = await Index.ensure("rigs", { directory: indexFolder(), embedder: kept });
  const of = (group: string) => ({ id: group, groups: [group] });
  await index.upload([{ id: "1", text: "The rig is closed." }], of("red"));
  await index.upload([{ id: "1", text: "The rig is closed." }], of("blue"));
  expect(asked.length).toBe(2);
  asked.length = 0;
  const counts: number[] = [];
  for (const group of ["red", "red", "blue", "blue"]) {
    await index.search("The rig is shut.", { principal: of(group) });
    counts.push(asked.length);
  }
  // Nor does a search find what only others put in.
  await index.search("The rig is closed.", { principal: { id: "both", groups: ["red", "blue"] } });
  expect([...counts, asked.length]).toEqual([1, 1, 2, 2, 3]);
});

const unit = (text: string) => {
  const vector = vectorOf(text);
  return vector.map((value) => value / Math.hypot(...vector));
};

describe("an endpoint's vectors", () => {
  test("come in batches, each text once, in the order of the texts, of length 1", async () => {
    const texts = ["a", "bb", "xxx", "bb", "cccc", "ddddd"];
    const vectors = await embedder({ batchSize: 2 }).embed(texts);
    expect(asked.map(({ input }) => input).sort()).toEqual([["a", "bb"], ["ddddd"], ["xxx", "cccc"]]);
    for (const [index, text] of texts.entries()) {
      unit(text).forEach((value, column) => expect(vectors[index]![column]).toBeCloseTo(value, 5));
    }
    expect(vectors[1]).not.toBe(vectors[3]);
  });

  test("are put in order where the endpoint mixes them", async () => {
    answer = (body) => ({ body: { data: listOf(body).body.data.reverse() } });
    const [a, b] = await embedder().embed(["a", "bbbb"]);
    expect([a![0], b![0]]).toEqual([unit("a")[0], unit("bbbb")[0]].map((value) => Math.fround(value!)));
  });

  test("are zeros for a text of nothing, which is not sent as it is", async () => {
    const vectors = await embedder().embed(["", " \n", "a"]);
    expect(asked[0]!.input.every((text) => text.trim() !== "")).toBe(true);
    expect([...vectors[0]!, ...vectors[1]!]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await embedder().embed([])).toEqual([]);
  });

  test("are asked for with model, key and dimensions; the key is part of no identity", async () => {
    const wanted = embedder({ apiKey: "sk-secret-of-the-test", dimensions: 3 });
    await wanted.embed(["a"]);
    expect(asked[0]).toMatchObject({ model: "test-embedding", dimensions: 3 });
    expect(keys[0]).toBe("Bearer sk-secret-of-the-test");
    expect(wanted.identity).toMatch(/^http:\/\/127.0.0.1:\d+\/v1 test-embedding 3 dimensions$/);
    expect(embedder({ identity: "weights 1" }).identity).toBe("weights 1");
  });

  test("are asked for by no more requests at once than the limit", async () => {
    await embedder({ batchSize: 1, limits: { concurrency: 2 } }).embed(["a", "b", "c", "d", "e"]);
    expect(mostUnderWay).toBe(2);
  });
});

describe("the cache", () => {
  test("in this process answers what was asked before, under the same identity alone", async () => {
    const identity = `of this test ${Math.random()}`;
    await embedder({ cache: true, identity }).embed(["a", "b"]);
    const vectors = await embedder({ cache: true, identity }).embed(["b", "c"]);
    expect(asked.map(({ input }) => input)).toEqual([["a", "b"], ["c"]]);
    expect(vectors[0]![0]).toBeCloseTo(unit("b")[0]!, 6);
    vectors[0]!.fill(9); // what a caller does to a vector stays with him
    expect((await embedder({ cache: true, identity }).embed(["b"]))[0]![0]).toBeCloseTo(unit("b")[0]!, 6);
    await embedder({ cache: true, identity: `${identity} other` }).embed(["b"]);
    expect(asked).toHaveLength(3);
  });

  test("on disk is private, outlives the embedder, and a spoilt entry is asked for again", async () => {
    const directory = mkdtempSync(join(tmpdir(), "lmframe-vectors-"));
    try {
      await embedder({ cache: { directory } }).embed(["a"]);
      const [vector] = await embedder({ cache: { directory } }).embed(["a"]);
      expect(vector![0]).toBeCloseTo(unit("a")[0]!, 6);
      expect(asked).toHaveLength(1);
      const folder = join(directory, readdirSync(directory)[0]!);
      const file = join(folder, readdirSync(folder)[0]!);
      expect(statSync(file).mode & 0o077).toBe(0);
      for (const spoilt of ["{", '"AAA="', "[1]", '"AADAfwAAwH8AAMB/"']) {
        writeFileSync(file, spoilt);
        const [again] = await embedder({ cache: { directory } }).embed(["a"]);
        expect(again![0]).toBeCloseTo(unit("a")[0]!, 6);
      }
      expect(asked).toHaveLength(5);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("failures", () => {
  test("that can pass are tried again", async () => {
    const faults: Answer[] = [
      { status: 500, body: { error: { message: "oops" } } },
      { status: 429, headers: { "retry-after-ms": "1" }, body: { error: { message: "slow down" } } },
      { body: "" },
    ];
    answer = (body, call) => faults[call] ?? listOf(body);
    expect(await embedder().embed(["a"])).toHaveLength(1);
    expect(asked).toHaveLength(4);
  });

  test.each<[string, Answer, new (...args: never[]) => Error]>([
    ["down", { status: 503, body: { error: { message: "down" } } }, UnreachableError],
    ["busy", { status: 429, headers: { "retry-after": "999" }, body: {} }, RateLimitError],
    [
      "too long",
      { status: 400, body: { error: { message: "maximum context length is 8192 tokens" } } },
      TooLongError,
    ],
    ["no key", { status: 401, body: { error: { message: "wrong key" } } }, ConfigurationError],
    ["a gateway's", { body: { error: { message: "upstream", code: 502 } } }, UnreachableError],
  ])("are those of models: %s", async (_, fault, kind) => {
    answer = () => fault;
    await expect(embedder().embed(["a"])).rejects.toBeInstanceOf(kind);
  });

  test.each<[string, unknown, RegExp]>([
    ["no list", { data: "vectors" }, /no list of vectors/],
    ["too few", { data: [{ index: 0, embedding: [1] }] }, /1 vectors for 2 texts/],
    [
      "one twice",
      { data: [0, 0].map((index) => ({ index, embedding: [1] })) },
      /order cannot be told \(index 0\)/,
    ],
    [
      "beyond",
      { data: [0, 2].map((index) => ({ index, embedding: [1] })) },
      /order cannot be told \(index 2\)/,
    ],
    ["null", { data: [0, 1].map((index) => ({ index, embedding: [1, null] })) }, /finite numbers/],
    ["text", { data: [0, 1].map((index) => ({ index, embedding: "AAAA" })) }, /finite numbers/],
    ["empty", { data: [0, 1].map((index) => ({ index, embedding: [] })) }, /finite numbers/],
    ["uneven", { data: [{ embedding: [1, 2] }, { embedding: [1, 2, 3] }] }, /3 numbers; those before.*2/],
  ])(
    "an answer that cannot be is a clear error, and is not asked for again: %s",
    async (_, body, message) => {
      answer = () => ({ body });
      const failure: unknown = await embedder()
        .embed(["a", "b"])
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ModelError);
      expect((failure as Error).message).toMatch(message);
      expect(asked).toHaveLength(1);
    },
  );

  test("another dimension than before, or than was asked for", async () => {
    const steady = embedder();
    await steady.embed(["a"]);
    answer = ({ input }) => ({ body: { data: input.map(() => ({ embedding: [1, 2] })) } });
    await expect(steady.embed(["b"])).rejects.toThrow("2 numbers");
    await expect(embedder({ dimensions: 8 }).embed(["b"])).rejects.toThrow("8");
  });

  test("the caller's stop ends it with the caller's reason", async () => {
    const controller = new AbortController();
    answer = (body) => {
      controller.abort(new Error("enough"));
      return listOf(body);
    };
    await expect(embedder().embed(["a"], { signal: controller.signal })).rejects.toThrow("enough");
  });

  test.each([{ model: "" }, { batchSize: 0 }, { dimensions: 1.5 }, { limits: { concurrency: 0 } }])(
    "settings that cannot be: %j",
    (options) => expect(() => embedder(options)).toThrow(ConfigurationError),
  );
});
