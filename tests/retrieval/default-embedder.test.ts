import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { Index, sentenceEmbedder, wordEmbedder } from "../../src/retrieval/index.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";

const directory = indexFolder();

describe("an index without an embedder named", () => {
  test("finds what shares no word with the question", async () => {
    const index = await Index.create("faults", { directory });
    expect(index.embedder.identity).toBe(sentenceEmbedder().identity);
    const texts = ["PROP BLADE NICKED", "OIL LEAKING FROM ENGINE", "SEAT BELT FRAYED", "NAV LIGHT INOP"];
    await index.upsert(
      texts.map((text, place) => ({ id: `e${place}`, text })),
      { groups: ["g"] },
    );
    const found = await index.search("the motor loses lubricant", {
      principal: { id: "ana", groups: ["g"] },
      mode: "vector",
    });
    expect(found[0]?.text).toBe("OIL LEAKING FROM ENGINE");
    const again = await Index.ensure("faults", { directory });
    expect(again.embedder.identity).toBe(sentenceEmbedder().identity);
  });

  test("is opened with the built-in one it was made with", async () => {
    await Index.create("words", { directory, embedder: wordEmbedder() });
    for (const index of [
      await Index.open("words", { directory }),
      await Index.ensure("words", { directory }),
    ]) {
      expect(index.embedder.identity).toBe(wordEmbedder().identity);
    }
    const opened = Index.ensure("words", { directory, embedder: sentenceEmbedder() });
    await expect(opened).rejects.toThrow(/made with the embedder words \(wordllama\).*MiniLM/);
  });

  test("that was made with one of the user's own asks for it", async () => {
    await Index.create("own", { directory, embedder: hashingEmbedder() });
    await expect(Index.open("own", { directory })).rejects.toThrow(/made with the embedder hashing/);
  });
});

describe("ONNX Runtime", () => {
  // As where it is not installed; what was asked for is printed before the error.
  const script = (body: string) => `
    import { registerHooks } from "node:module";
    const asked = new Set();
    registerHooks({
      resolve(name, context, next) {
        asked.add(name);
        if (name !== "onnxruntime-node") return next(name, context);
        throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
      },
    });
    const { sentenceEmbedder, wordEmbedder } = await import("./src/retrieval/index.ts");
    ${body}`;
  const run = async (body: string) => {
    const arguments_ = ["--input-type=module", "--eval", script(body)];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_);
    return stdout;
  };

  test("is loaded with the first text, and not before", async () => {
    const asked = await run(`
      sentenceEmbedder();
      console.log([...asked].join(" "));`);
    expect(asked).toContain("./embedders/index.ts");
    expect(asked).not.toMatch(/onnxruntime|tokenizers/);
  });

  test("that is missing is an error that says what to do, and the word embedder needs none", async () => {
    const said = await run(`
      await wordEmbedder().embed(["oil"]);
      await sentenceEmbedder().embed(["oil"]).catch(({ name, message }) => console.log(name, message));`);
    expect(said).toMatch(/^ConfigurationError.*npm install onnxruntime-node\n.*wordEmbedder\(\)/);
  });
});
