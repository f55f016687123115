import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { ChainOfThought, type Extension, loadProgram, Module, Predict } from "../../src/modules/index.ts";
import { signature } from "../../src/signature/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lmframe-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

const programs = fileURLToPath(new URL("../../../shared/conformance/programs/", import.meta.url));
const here = existsSync(programs);
if (!here) console.log("skipped: programs saved by DSPy (../shared/conformance/programs) are not here");

class Rag extends Module {
  static override signature = signature("question -> answer, citations: list[int]");
  query = new ChainOfThought("question -> search_query");
  answer = new Predict("passages: list[str], question -> answer, citations: list[int]");
  judges = [new Predict("answer -> score: int"), new Predict("answer -> toxic: bool")];
  async forward({ question }: { question: string }) {
    const { search_query } = await this.query.call({ question });
    const answered = await this.answer.call({ passages: [search_query], question });
    for (const judge of this.judges) await judge.call({ answer: answered.answer });
    return answered;
  }
}

describe.skipIf(!here)("programs saved by DSPy", () => {
  test("a program of several steps loads, runs with what was saved, and saves back equal", async () => {
    const path = join(programs, "rag.json");
    const original = new Rag();
    const program = await original.load(path);
    expect(original.query.predict.demos).toEqual([]);
    expect(program.answer.state.instructions).toBe("Answer only from the passages; cite them.");
    expect(program.query.predict.demos).toHaveLength(2);
    const lm = new FunctionModel(({ responseFormat }) => {
      const { properties } = responseFormat!.schema as { properties: Record<string, { type: string }> };
      const values: Record<string, unknown> = { string: "x", integer: 1, boolean: false, array: [1] };
      return JSON.stringify(
        Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, values[type]])),
      );
    });
    await expect(program.call({ question: "What leaked?" }, { lm })).resolves.toEqual({
      answer: "x",
      citations: [1],
    });
    await program.save(at("rag.json"));
    expect(readJson(at("rag.json"))).toEqual(readJson(path));
  });

  test("a lone predictor loads flat, with its descriptions, and saves back equal but for our key", async () => {
    const path = join(programs, "triage.json");
    const triage = await new Predict("report -> urgency: Literal['low', 'high']").load(path);
    expect(triage.signature.instructions).toBe("Triage a customer report.");
    expect(triage.signature.field("urgency").description).toBe("low unless someone may be hurt");
    await triage.save(at("triage.json"));
    const { metadata, ...state } = readJson(at("triage.json"));
    const { metadata: theirs, ...saved } = readJson(path);
    expect(state).toEqual(saved);
    expect(metadata).toMatchObject(theirs as object);
  });
});

describe("save and load", () => {
  test("the state of every predictor goes there and back", async () => {
    const program = new Rag().with({
      "query.predict": {
        instructions: "Be terse.\n\nAlways.",
        demos: [{ question: "q", search_query: "s" }],
      },
      "judges[1]": {
        fields: [
          { prefix: "Answer:", description: "what was said" },
          { prefix: "Toxic:", description: "" },
        ],
      },
    });
    await program.save(at("own.json"));
    const loaded = await new Rag().load(at("own.json"));
    const states = (of: Rag) => [...of.predictors()].map(([path, { state }]) => [path, state]);
    expect(states(loaded)).toEqual(states(program));
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("no model, endpoint or key is in the file or comes from it", async () => {
    const lm = new FunctionModel(() => "{}", { name: "small" });
    await new Rag().withLM(lm).save(at("lm.json"));
    const saved = readJson(at("lm.json"));
    for (const path of new Rag().predictors().keys()) expect(saved[path]).toMatchObject({ lm: null });
    (saved.answer as Record<string, unknown>).lm = {
      model: "openai/x",
      api_base: "http://evil.example",
    };
    writeFileSync(at("evil.json"), JSON.stringify(saved));
    const loaded = await new Rag().load(at("evil.json"));
    expect([...loaded.predictors().values()].map((predictor) => predictor.lm)).toEqual(
      Array(4).fill(undefined),
    );
  });

  describe("a mismatch loads nothing and names the path", () => {
    const saved = () => {
      const state = (instructions: string, names: string[]) => ({
        traces: [],
        train: [],
        demos: [],
        signature: {
          instructions,
          fields: names.map((name) => ({ prefix: `${name}:`, description: `\${${name}}` })),
        },
        lm: null,
      });
      return {
        "query.predict": state("q", ["question", "reasoning", "search_query"]),
        answer: state("a", ["passages", "question", "answer", "citations"]),
        "judges[0]": state("s", ["answer", "score"]),
        "judges[1]": state("t", ["answer", "toxic"]),
        metadata: {},
      } as Record<string, unknown>;
    };
    const load = async (change: (file: Record<string, unknown>) => void) => {
      const file = saved();
      change(file);
      writeFileSync(at("bad.json"), JSON.stringify(file));
      return new Rag().load(at("bad.json"));
    };

    test("as it stands it loads", async () => {
      await expect(load(() => undefined)).resolves.toBeInstanceOf(Rag);
    });

    test.each<[string, (file: Record<string, unknown>) => void, RegExp]>([
      [
        "a predictor is missing",
        (file) => delete file["judges[1]"],
        /no state for the predictor "judges\[1\]"/,
      ],
      [
        "one is left over",
        (file) => (file["judges[2]"] = file["judges[0]"]),
        /no predictor at "judges\[2\]"/,
      ],
      [
        "one has fewer fields",
        (file) => (file.answer = file["judges[0]"]),
        /predictor "answer": found 2 fields .*expected 4/,
      ],
      [
        "one has other fields",
        (file) => (file["judges[0]"] = file["judges[1]"]),
        /predictor "judges\[0\]".*toxic.*score/,
      ],
      ["one is no predictor", (file) => (file.answer = { demos: 3 }), /predictor "answer": found no state/],
      ["one is null", (file) => (file.answer = null), /predictor "answer": found no state/],
    ])("%s", async (_, change, message) => {
      await expect(load(change)).rejects.toThrow(message);
      await expect(load(change)).rejects.toThrow(ConfigurationError);
    });

    test("files that hold no program", async () => {
      writeFileSync(at("list.json"), "[]");
      writeFileSync(at("cut.json"), '{"answer":');
      await expect(new Rag().load(at("list.json"))).rejects.toThrow("not an object");
      await expect(new Rag().load(at("cut.json"))).rejects.toThrow("is not JSON");
      await expect(new Rag().load(at("absent.json"))).rejects.toThrow("cannot read");
    });
  });

  describe("a lone predictor without its source", () => {
    test("is made from the kind and signature in the file", async () => {
      const labels = "text -> label: Literal['a, b', \"it's\"], score: Optional[float]";
      await new Predict(labels, "Sort.").save(at("lone.json"));
      const loaded = await loadProgram(at("lone.json"));
      expect(loaded).toBeInstanceOf(Predict);
      expect(loaded.signature.equals(signature(labels as string, "Sort."))).toBe(true);

      await new ChainOfThought("q -> a: int", "Think.").save(at("thought.json"));
      const thought = await loadProgram(at("thought.json"));
      expect(thought).toBeInstanceOf(ChainOfThought);
      expect(thought.signature.toString()).toBe("q -> reasoning, a: int");
      expect(thought.signature.instructions).toBe("Think.");
    });

    test("a program of a class of its own says how to load it", async () => {
      await new Rag().save(at("class.json"));
      await expect(loadProgram(at("class.json"))).rejects.toThrow(
        "Load it into the program it was saved from",
      );
      class Special extends Predict<"a -> b"> {}
      await new Special("a -> b").save(at("special.json"));
      await expect(loadProgram(at("special.json"))).rejects.toThrow("does not say which program");
    });
  });

  describe("extensions", () => {
    const offset = (by: number): Extension => ({
      name: "offset",
      version: 2,
      around: async (call, next) => ({ b: Number((await next(call)).b) + by }),
      toJSON: () => ({ by }),
    });
    const reader = (saved: unknown, version: number) => {
      expect(version).toBe(2);
      return offset((saved as { by: number }).by);
    };

    test("are saved under their names, with a warning that DSPy ignores them", async () => {
      const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
      try {
        await new Predict("a -> b: int", { extensions: { offset: offset(5) } }).save(at("extended.json"));
        expect(JSON.stringify(warn.mock.calls)).toMatch(/self.*has extensions that DSPy ignores.*offset/);
      } finally {
        warn.mockRestore();
      }
      const loaded = await new Predict("a -> b: int").load(at("extended.json"), { offset: reader });
      const lm = new FunctionModel(() => '{"b": 1}');
      await expect(loaded.call({ a: "x" }, { lm })).resolves.toEqual({ b: 6 });
    });

    test("need their reader, whatever their name", async () => {
      await expect(new Predict("a -> b: int").load(at("extended.json"))).rejects.toThrow(
        'uses the extension "offset"; give its reader',
      );
      const file = readFileSync(at("extended.json"), "utf8").replace('"offset"', '"constructor"');
      writeFileSync(at("trick.json"), file);
      await expect(new Predict("a -> b: int").load(at("trick.json"))).rejects.toThrow('"constructor"');
    });
  });
});
