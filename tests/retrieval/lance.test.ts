import { expect, test } from "vitest";
import { inSecondProcess } from "../support/second-process.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();
const room = new URL("../../src/retrieval/store/index.ts", import.meta.url).href;
const embedder = new URL("./hashing-embedder.ts", import.meta.url).href;

test("without LanceDB an index says how to install it, and importing the room needs none", async () => {
  const error = await inSecondProcess<{ name: string; message: string }>(`
    import Module from "node:module";
    const resolve = Module._resolveFilename;
    Module._resolveFilename = function (request, ...rest) {
      if (request !== "@lancedb/lancedb") return resolve.call(this, request, ...rest);
      throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    };
    const { Index } = await import(${JSON.stringify(room)});
    const { hashingEmbedder } = await import(${JSON.stringify(embedder)});
    const index = await Index.create("x", { directory: ${JSON.stringify(directory)}, embedder: hashingEmbedder() });
    const error = await index.upsert([{ id: "1", text: "x" }], { groups: ["g"] }).catch((error) => error);
    console.log(JSON.stringify({ name: error.name, message: error.message }));`);
  expect(error.name).toBe("ConfigurationError");
  expect(error.message).toMatch(/npm install @lancedb\/lancedb/);
});
