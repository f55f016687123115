import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { readMatrix } from "../../src/retrieval/embedders/safetensors.ts";
import { type Embedder, sentenceEmbedder, wordEmbedder } from "../../src/retrieval/index.ts";
import { ensureEmbedderFiles, wordllama } from "../../src/services/index.ts";

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);

const embeds =
  (embedder: Embedder): Embedder["embed"] =>
  (texts, options) =>
    embedder.embed(texts, options);

describe("the word embedder", () => {
  const embed = embeds(wordEmbedder());

  test("gives the vectors of wordllama", async () => {
    // By its own Python package, of the same texts in lower case.
    const reference = [
      ["L/H ROCKER COVER GASKET LEAKING, REPLACED W/ NEW.", [-0.04929, 0.08042, 0.08377, -0.02179]],
      ["Straße 日本", [-0.12805, 0.04018, -0.01503, -0.11809]],
    ] as const;
    const vectors = await embed(reference.map(([text]) => text));
    for (const [index, [, first]] of reference.entries()) {
      expect(vectors[index]).toHaveLength(256);
      first.forEach((value, column) => expect(vectors[index]![column]).toBeCloseTo(value, 4));
    }
  });

  test("a word without end is cut, and takes no time to speak of", async () => {
    const [long] = await embed(["x".repeat(300_000)]);
    expect(cosine(long!, long!)).toBeCloseTo(1, 4);
  });
});

describe("the sentence embedder", () => {
  const embed = embeds(sentenceEmbedder());

  test("gives the vectors of all-MiniLM-L6-v2", async () => {
    // The first numbers, by the model's forward pass written down in NumPy over the same weights.
    const reference = [
      ["oil leaking from engine", [-0.11589, -0.00357, 0.08311, 0.02219]],
      ["the stock market fell", [0.04224, -0.00616, 0.05721, 0.08606]],
      ["Straße 日本", [0.04983, 0.0864, 0.00742, -0.03961]],
      ["L/H ROCKER COVER GASKET LEAKING, REPLACED W/ NEW.", [-0.05233, 0.12002, 0.12189, 0.01926]],
      ["motor loses lubricant", [-0.03195, -0.0821, 0.12844, 0.08383]],
    ] as const;
    const vectors = await embed(reference.map(([text]) => text));
    for (const [index, [, first]] of reference.entries()) {
      expect(vectors[index]).toHaveLength(384);
      first.forEach((value, column) => expect(vectors[index]![column]).toBeCloseTo(value, 4));
    }
    const [leak, market, , , loss] = vectors;
    expect(cosine(leak!, loss!)).toBeCloseTo(0.37184, 4);
    expect(cosine(leak!, market!)).toBeCloseTo(0.19982, 4);
    expect(cosine(market!, loss!)).toBeCloseTo(0.26807, 4);
  });

  test("gives a text one vector, whatever it is embedded with", async () => {
    const texts = [
      "low oil",
      "crack in the baffle",
      "low oil",
      "",
      "seat belt frayed at the buckle end",
      "tyre",
    ];
    const many = [...texts, ...Array.from({ length: 300 }, (_, index) => `entry ${index} of many`), "tyre"];
    const [together, last] = [await embed(texts), (await embed(many)).at(-1)!];
    for (const [index, text] of texts.entries()) {
      const [alone] = await embed([text]);
      expect(cosine(alone!, together[index]!)).toBeCloseTo(text === "" ? 0 : 1, 5);
    }
    expect(cosine(last, together[5]!)).toBeCloseTo(1, 5);
  });

  test("reads the start of a long text, without end or not", async () => {
    const start = "the fuel pump leaks at idle ".repeat(60);
    const [whole, longer, endless] = await embed([
      start,
      `${start} and the tyre is flat`,
      start.repeat(3000),
    ]);
    expect(cosine(whole!, longer!)).toBeCloseTo(1, 5);
    expect(cosine(whole!, endless!)).toBeCloseTo(1, 5);
    const [short, other] = await embed(["tyre is flat", "tyre is flat and worn"]);
    expect(cosine(short!, other!)).toBeLessThan(0.99);
  });

  test("lets others have their turn, and stops in the middle when it is told to", async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `entry ${index}: ${"leak ".repeat(40)}`);
    const stop = new AbortController();
    let turns = 0;
    const timer = setInterval(() => ++turns === 3 && stop.abort(new Error("enough")), 1);
    try {
      await expect(embed(texts, { signal: stop.signal })).rejects.toThrow("enough");
    } finally {
      clearInterval(timer);
    }
  });
});

describe.each([
  ["words", wordEmbedder()],
  ["sentences", sentenceEmbedder()],
])("the embedder of %s", (_, embedder) => {
  const embed = embeds(embedder);

  test("finds what is meant, in whatever letters it is written", async () => {
    const [shouted, plain, spaced, other, petrol] = await embed([
      "OIL LEAKING FROM ENGINE",
      "oil leaking from engine",
      "  oil \n leaking\tfrom engine ",
      "the stock market fell",
      "motor loses lubricant",
    ]);
    expect(cosine(shouted!, plain!)).toBeCloseTo(1, 5);
    expect(cosine(shouted!, spaced!)).toBeCloseTo(1, 5);
    expect(cosine(petrol!, plain!)).toBeGreaterThan(cosine(petrol!, other!) + 0.1);
  });

  test("a text of nothing has a vector of zeros, and no texts have none", async () => {
    const [empty] = await embed([" \n "]);
    expect(empty!.every((value) => value === 0)).toBe(true);
    expect(await embed([])).toEqual([]);
  });

  test("stops when it is told to", async () => {
    await expect(embed(["a"], { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("the files of an embedder", () => {
  const failureWith = async (script: string, wanted = wordllama) => {
    const folder = mkdtempSync(join(tmpdir(), "lmframe-python-"));
    const python = join(folder, "python");
    writeFileSync(python, `#!/bin/sh\n${script.replace("FOLDER", folder)}\n`, { mode: 0o755 });
    writeFileSync(join(folder, wanted.weights), "an error page");
    process.env.LMFRAME_PYTHON = python;
    try {
      return await ensureEmbedderFiles(wanted).catch((error: unknown) => error);
    } finally {
      delete process.env.LMFRAME_PYTHON;
      rmSync(folder, { recursive: true });
    }
  };

  test("say how to get them where there is no Python side", async () => {
    const failure = await failureWith("echo 'no network' >&2\nexit 1");
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect((failure as Error).message).toMatch(/no network[^]*npm run setup[^]*endpointEmbedder/);
  });

  test("are refused where the weights are others than those that were pinned", async () => {
    const failure = await failureWith("echo FOLDER");
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect((failure as Error).message).toMatch(/l2_supercat_256\.safetensors is not the file it should be/);
  });
});

describe("safetensors", () => {
  const file = (header: object, numbers: Uint8Array) => {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const bytes = new Uint8Array(8 + text.length + numbers.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(text, 8);
    bytes.set(numbers, 8 + text.length);
    return bytes;
  };
  const bytesOf = (numbers: Uint16Array | Float32Array) => new Uint8Array(numbers.buffer);

  test("reads half precision, zero, subnormal and infinite numbers among it", () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0000, 0x0001, 0x7c00, 0x3555);
    const header = { w: { dtype: "F16", shape: [2, 3], data_offsets: [0, 12] } };
    const { rows, columns, values } = readMatrix(file(header, bytesOf(halves)), "w");
    expect([rows, columns]).toEqual([2, 3]);
    expect([...values]).toEqual([1, -2, 0, 2 ** -24, Infinity, 0.333251953125]);
  });

  test("reads single precision", () => {
    const header = {
      __metadata__: { format: "pt" },
      w: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
    };
    expect([...readMatrix(file(header, bytesOf(Float32Array.of(0.5, -3))), "w").values]).toEqual([0.5, -3]);
  });

  test.each([
    ["no safetensors file", new Uint8Array(3)],
    ["no safetensors file", new TextEncoder().encode("<html>not found</html>")],
    ["one tensor", file({ w: { dtype: "I64", shape: [1, 1], data_offsets: [0, 8] } }, new Uint8Array(8))],
    ["cut short", file({ w: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] } }, new Uint8Array(15))],
    ["cut short", file({ w: { dtype: "F32", shape: [9, 9], data_offsets: [0, 8] } }, new Uint8Array(8))],
  ])("says what is wrong with a file: %s", (message, bytes) => {
    expect(() => readMatrix(bytes, "weights")).toThrow(message);
    expect(() => readMatrix(bytes, "weights")).toThrow("weights");
  });
});
