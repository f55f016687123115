import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { readMatrix } from "../../src/retrieval/embedders/safetensors.ts";
import { embeddedEmbedder } from "../../src/retrieval/index.ts";

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);

describe("the embedded embedder", () => {
  const embedder = embeddedEmbedder();
  const embed: typeof embedder.embed = (texts, options) => embedder.embed(texts, options);

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

  test("finds what is meant, in whatever letters it is written", async () => {
    const [shouted, plain, spaced, other] = await embed([
      "OIL LEAKING FROM ENGINE",
      "oil leaking from engine",
      "  oil \n leaking\tfrom engine ",
      "the stock market fell",
    ]);
    expect(cosine(shouted!, plain!)).toBeCloseTo(1, 5);
    expect(cosine(shouted!, spaced!)).toBeCloseTo(1, 5);
    const [petrol] = await embed(["motor loses lubricant"]);
    expect(cosine(petrol!, plain!)).toBeGreaterThan(cosine(petrol!, other!) + 0.2);
  });

  test("a text of nothing has a vector of zeros, and no texts have none", async () => {
    const [empty] = await embed([" \n "]);
    expect(empty!.every((value) => value === 0)).toBe(true);
    expect(await embed([])).toEqual([]);
  });

  test("a word without end is cut, and takes no time to speak of", async () => {
    const [long] = await embed(["x".repeat(300_000)]);
    expect(cosine(long!, long!)).toBeCloseTo(1, 4);
  });

  test("stops when it is told to", async () => {
    await expect(embed(["a"], { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  test("says how to get its files where there is no Python side", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lmframe-python-"));
    const python = join(folder, "python");
    writeFileSync(python, "#!/bin/sh\necho 'no network' >&2\nexit 1\n", { mode: 0o755 });
    const { ensureEmbedderFiles } = await import("../../src/services/index.ts");
    process.env.LMFRAME_PYTHON = python;
    try {
      const failure: unknown = await ensureEmbedderFiles().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigurationError);
      expect((failure as Error).message).toMatch(/no network[^]*npm run setup[^]*endpointEmbedder/);
    } finally {
      delete process.env.LMFRAME_PYTHON;
      rmSync(folder, { recursive: true });
    }
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
