import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { ChainOfThought, Module, Predict } from "../../src/modules/index.ts";
import { signature } from "../../src/signature/index.ts";

const shared = new Predict("draft -> final");

class Inner extends Module {
  deep = new Predict("a -> b");
  async forward(inputs: { a: string }) {
    return this.deep.call(inputs);
  }
}

class Program extends Module {
  static override signature = signature("question -> answer");
  query = new ChainOfThought("question -> search_query");
  answer = new Predict("passages: list[str], question -> answer");
  judges = [new Predict("answer -> score: int"), new Predict("answer -> toxic: bool")];
  tools = { search: new Predict("q -> r"), plain: "text" };
  inner = new Inner();
  first = shared;
  second = shared;
  table = new Map([["kept", 1]]);
  limit = 3;
  private readonly secret = "kept";

  async forward({ question }: { question: string }) {
    return { answer: `${question}${this.secret}${this.limit}` };
  }

  shout() {
    return `${this.answer.state.instructions}!`;
  }
}

describe("predictors()", () => {
  test("paths are spelt as DSPy spells them; a shared one is listed once", () => {
    expect([...new Program().predictors().keys()]).toEqual([
      "query.predict",
      "answer",
      "judges[0]",
      "judges[1]",
      "tools['search']",
      "inner.deep",
      "first",
    ]);
  });

  test("a lone predictor is self", () => {
    const lone = new Predict("a -> b");
    expect([...lone.predictors()]).toEqual([["self", lone]]);
  });

  test("a program that holds itself ends", () => {
    const program = new Program();
    Object.assign(program.tools, { back: program });
    expect(program.predictors().size).toBe(7);
    expect(program.with({}).predictors().size).toBe(7);
  });
});

describe("with()", () => {
  test("gives a new program and leaves the old as it was", () => {
    const program = new Program();
    const before = JSON.stringify([...program.predictors()].map(([path, { state }]) => [path, state]));
    const tuned = program.with({
      "query.predict": { instructions: "Search well." },
      "judges[1]": { demos: [{ answer: "x", toxic: false }] },
    });
    expect(tuned.query.predict.state.instructions).toBe("Search well.");
    expect(tuned.judges[1]!.demos).toEqual([{ answer: "x", toxic: false }]);
    expect(JSON.stringify([...program.predictors()].map(([path, { state }]) => [path, state]))).toBe(before);
    expect(tuned.query).not.toBe(program.query);
    expect(tuned.inner).not.toBe(program.inner);
    expect(tuned.judges).not.toBe(program.judges);
  });

  test("keeps prototypes, plain fields and what is no part of a program", async () => {
    const program = new Program();
    const tuned = program.with({ answer: { instructions: "Be brief." } });
    expect(tuned).toBeInstanceOf(Program);
    expect(tuned.inner).toBeInstanceOf(Inner);
    expect(tuned.shout()).toBe("Be brief.!");
    expect(tuned.table).toBe(program.table);
    expect(tuned.tools.plain).toBe("text");
    await expect(tuned.call({ question: "q" })).resolves.toEqual({ answer: "qkept3" });
  });

  test("what is shared stays shared, and is edited in both places", () => {
    const tuned = new Program().with({ first: { instructions: "Polish." } });
    expect(tuned.first).toBe(tuned.second);
    expect(tuned.second.state.instructions).toBe("Polish.");
  });

  test("keeps the class of a predictor", async () => {
    class Careful extends Predict<"a -> b"> {
      extra = "kept";
      override async forward(inputs: { a: string }) {
        return { ...(await super.forward(inputs)), careful: this.extra };
      }
    }
    const lm = new FunctionModel(() => '{"b": "x"}');
    const tuned = new Careful("a -> b").with({ self: { lm, instructions: "Mind." } });
    expect(tuned).toBeInstanceOf(Careful);
    await expect(tuned.call({ a: "1" })).resolves.toEqual({ b: "x", careful: "kept" });
  });

  test("an unknown path is an error with the nearest one", () => {
    expect(() => new Program().with({ "query.predct": {} })).toThrow('did you mean "query.predict"?');
  });

  test("fields are relabelled, all or none", () => {
    const step = new Predict("a -> b");
    const tuned = step.with({
      self: {
        fields: [
          { prefix: "A!", description: "first" },
          { prefix: "B:", description: "" },
        ],
      },
    });
    expect(tuned.signature.field("a")).toMatchObject({ prefix: "A!", description: "first" });
    expect(step.signature.field("a").description).toBe("");
    expect(() => step.with({ self: { fields: [] } })).toThrow("0 fields were given for a signature of 2");
  });

  test("a field that holds a function is refused by its name", () => {
    class Stale extends Module {
      predict = new Predict("a -> b");
      run = (a: string) => this.predict.call({ a });
      async forward({ a }: { a: string }) {
        return this.run(a);
      }
    }
    expect(() => new Stale().with({})).toThrow(/"run" is a function/);
  });

  test("a #private field is explained when the copy runs", async () => {
    class Hidden extends Module {
      #times = 0;
      step = new Predict("a -> b");
      async forward({ a }: { a: string }) {
        this.#times++;
        return { a, times: this.#times };
      }
    }
    await expect(new Hidden().call({ a: "x" })).resolves.toEqual({ a: "x", times: 1 });
    const copied = new Hidden().with({}).call({ a: "x" });
    await expect(copied).rejects.toThrow(ConfigurationError);
    await expect(copied).rejects.toThrow("Hidden uses a #private field");
  });

  test("a #private method is explained as well", async () => {
    class Hidden extends Module {
      #double(a: string) {
        return a + a;
      }
      async forward({ a }: { a: string }) {
        return { a: this.#double(a) };
      }
    }
    await expect(new Hidden().with({}).call({ a: "x" })).rejects.toThrow("#private");
  });

  test("withLM gives every predictor the model", () => {
    const lm = new FunctionModel(() => "{}");
    const program = new Program().withLM(lm);
    expect([...program.predictors().values()].every((predictor) => predictor.lm === lm)).toBe(true);
  });
});

describe("signature", () => {
  test("is that of the class; where none is stated, the error names the class", () => {
    expect(new Program().signature.toString()).toBe("question -> answer");
    expect(() => new Inner().signature).toThrow("Inner states no signature");
  });
});
