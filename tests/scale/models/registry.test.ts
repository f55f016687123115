import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError, DataError } from "../../../src/core/index.ts";
import { ModelRegistry } from "../../../src/scale/models/index.ts";
import { startEndpoint } from "../../support/faulty-endpoint.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe models "));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  delete process.env.TEAM_KEY;
});
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe("ModelRegistry", () => {
  test("reads models from CSV and JSON alike, and leaves out what is not known", async () => {
    const csv = file(
      "models.csv",
      "name,kind,context,input_price,output_price,parameters,first_token_seconds,tokens_per_second,tools\n" +
        "small,,8000,0.1,0.4,1,0.05,300,false\nvectors,embedding,512,,,,,,\n",
    );
    const json = file(
      "models.json",
      JSON.stringify([
        {
          name: "small",
          context: 8000,
          input_price: 0.1,
          output_price: 0.4,
          parameters: 1,
          first_token_seconds: 0.05,
          tokens_per_second: 300,
          tools: false,
        },
        { name: "vectors", kind: "embedding", context: 512 },
      ]),
    );
    const expected = [
      {
        name: "small",
        context: 8000,
        price: { input: 0.1, output: 0.4 },
        parameters: 1,
        speed: { firstToken: 0.05, tokensPerSecond: 300 },
        abilities: { tools: false },
      },
      { name: "vectors", kind: "embedding", context: 512 },
    ];
    expect([...(await ModelRegistry.read(csv))]).toEqual(expected);
    expect([...(await ModelRegistry.read(json))]).toEqual(expected);
  });

  test("refuses keys in files, columns it does not know, and values that cannot be", async () => {
    const read = (name: string, text: string) => ModelRegistry.read(file(name, text));
    await expect(read("a.csv", "name,api_key\nm,sk-123\n")).rejects.toThrow(/key_variable/);
    await expect(read("b.csv", "name,contxt\nm,1\n")).rejects.toThrow(/did you mean "context"/);
    await expect(read("c.csv", "name,kind\nm,chatty\n")).rejects.toThrow(DataError);
    await expect(read("d.csv", "name,input_price\nm,1\n")).rejects.toThrow(/price of "m" is not whole/);
    await expect(read("e.csv", "name,context\nm,-1\n")).rejects.toThrow(/row 1.*context|context/);
  });

  test("lists what an endpoint serves, with what the server tells of it", async () => {
    const server = createServer((_, response) => {
      const data = [
        { id: "served", max_model_len: 32768 },
        { id: "local.gguf", meta: { n_ctx_train: 2048, n_params: 135_000_000 } },
        { id: "routed", context_length: 100, pricing: { prompt: "0.000001", completion: "0.000002" } },
        { id: "text-embedding-x" },
      ];
      response.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    try {
      const found = await ModelRegistry.served({ baseURL, apiKey: "none" });
      expect(found.get("served")).toMatchObject({ kind: "chat", context: 32768, baseURL });
      expect(found.get("local.gguf")).toMatchObject({ context: 2048, parameters: 0.135 });
      expect(found.get("routed").price).toEqual({ input: 1, output: 2 });
      expect(found.of("embedding").map(({ name }) => name)).toEqual(["text-embedding-x"]);
    } finally {
      server.close();
    }
  });

  test("gives a model that asks its endpoint with the key of its variable, at its price", async () => {
    const endpoint = await startEndpoint({ key: "team-secret", reply: () => "hello" });
    const models = new ModelRegistry([
      { name: "m", baseURL: endpoint.baseURL, keyVariable: "TEAM_KEY", price: { input: 1e6, output: 0 } },
      { name: "v", kind: "embedding" },
    ]);
    try {
      expect(() => models.lm("m")).toThrow(/TEAM_KEY, which is not set/);
      process.env.TEAM_KEY = "team-secret";
      const { choices, cost, usage } = await models
        .lm("m")
        .complete({ messages: [{ role: "user", content: "hi" }] });
      expect(choices[0]!.text).toBe("hello");
      expect(cost).toBe(usage.inputTokens);
      expect(() => models.lm("v")).toThrow(/no chat model/);
      expect(() => models.get("mm")).toThrow(ConfigurationError);
    } finally {
      await endpoint.close();
    }
  });

  test("adds what is told later to what was known", () => {
    const first = new ModelRegistry([{ name: "m", context: 10 }]);
    const both = first.with([{ name: "m", parameters: 3, context: undefined }, { name: "n" }]);
    expect([...both]).toEqual([{ name: "m", context: 10, parameters: 3 }, { name: "n" }]);
    expect([...first]).toHaveLength(1);
  });
});
