import { describe, expect, test } from "vitest";
import { ConfigurationError, UnreachableError } from "../../../src/core/index.ts";
import type { Embedder } from "../../../src/retrieval/index.ts";
import { embedderPool } from "../../../src/scale/pool/index.ts";

/** A vector of one number: that of the text. */
function embedder(identity: string, fail: (batch: readonly string[]) => boolean = () => false) {
  const batches: (readonly string[])[] = [];
  const made: Embedder = {
    name: identity,
    identity,
    embed: async (texts) => {
      batches.push(texts);
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (fail(texts)) throw new UnreachableError("down");
      return texts.map((text) => Float32Array.of(Number(text)));
    },
  };
  return { made, batches };
}

describe("embedderPool", () => {
  test("cuts batches to the size of each endpoint and keeps the order", async () => {
    const [small, large] = [embedder("m"), embedder("m")];
    const both = embedderPool([
      { embedder: small.made, batchSize: 8 },
      { embedder: large.made, batchSize: 50 },
    ]);
    const texts = Array.from({ length: 500 }, (_, index) => String(index));
    const vectors = await both.embed(texts);
    expect(vectors.map(([value]) => value)).toEqual(texts.map(Number));
    expect(Math.max(...small.batches.map(({ length }) => length))).toBe(8);
    expect(Math.max(...large.batches.map(({ length }) => length))).toBe(50);
    expect([...small.batches, ...large.batches].flat()).toHaveLength(500);
  });

  test("a batch that one endpoint fails is answered by another, once", async () => {
    const [sick, well] = [embedder("m", () => true), embedder("m")];
    const both = embedderPool([{ embedder: sick.made, weight: 10 }, well.made]);
    const texts = Array.from({ length: 200 }, (_, index) => String(index));
    expect((await both.embed(texts)).map(([value]) => value)).toEqual(texts.map(Number));
    expect(well.batches.flat().sort()).toEqual([...texts].sort());
    expect(both.members[0]!.health).toBe("ejected");
    expect(await both.embed([])).toEqual([]);
  });

  test("asks no endpoint for nothing: few texts are few calls", async () => {
    const one = embedder("m", ([text]) => text === "1");
    const alone = embedderPool([one.made], { breaker: { failures: 2, seconds: 3600 } });
    expect(await alone.embed(["7"])).toEqual([Float32Array.of(7)]);
    expect(one.batches).toEqual([["7"]]);
    expect(alone.members[0]!.calls).toBe(1);
    for (let call = 0; call < 2; call++) await expect(alone.embed(["1"])).rejects.toThrow("down");
    expect(alone.members[0]).toMatchObject({ calls: 3, failures: 2, health: "ejected" });
  });

  test("a batch that fails is cut to the size of who answers it", async () => {
    const [sick, small] = [embedder("m", () => true), embedder("m")];
    const both = embedderPool([
      { embedder: sick.made, batchSize: 50 },
      { embedder: small.made, batchSize: 8 },
    ]);
    const texts = Array.from({ length: 100 }, (_, index) => String(index));
    expect((await both.embed(texts)).map(([value]) => value)).toEqual(texts.map(Number));
    expect(sick.batches[0]).toHaveLength(50);
    expect(Math.max(...small.batches.map(({ length }) => length))).toBe(8);
    expect(both.members[1]!.calls).toBe(small.batches.length);
  });

  test("refuses to mix models", () => {
    expect(() => embedderPool([embedder("a").made, embedder("b").made])).toThrow(ConfigurationError);
  });
});
