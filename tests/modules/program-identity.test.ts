import { describe, expect, test } from "vitest";
import { FunctionModel } from "../../src/lm/index.ts";
import { Module, Predict, programIdentity, programSource } from "../../src/modules/index.ts";

const told = (program: Module) => JSON.stringify(programIdentity(program));

class Base extends Module {
  step = new Predict("text -> label");
  async forward({ text }: { text: string }): Promise<unknown> {
    return this.step.call({ text });
  }
}
const trimming = () =>
  class Step extends Base {
    override async forward({ text }: { text: string }) {
      return this.step.call({ text: text.trim() });
    }
  };
const shouting = () =>
  class Step extends Base {
    override async forward({ text }: { text: string }) {
      return this.step.call({ text: text.toUpperCase() });
    }
  };
/** A program that holds another among plain data. */
const around = (inner: Module) =>
  new (class Around extends Module {
    parts = { inner: [inner] };
    async forward() {
      return Promise.resolve({});
    }
  })();
/** The same text over another base. */
const over = (base: new () => Base) => new (class Over extends base {})();

describe("programIdentity", () => {
  test("is the same for the same program made anew", () => {
    expect(told(new (trimming())())).toBe(told(new (trimming())()));
    expect(told(new Predict("a -> b"))).toBe(told(new Predict("a -> b")));
  });

  test("tells programs apart by the code of forward: their own, that of a part, and that of a base", () => {
    const [trims, shouts] = [trimming(), shouting()];
    expect(told(new trims())).not.toBe(told(new shouts()));
    expect(told(around(new trims()))).not.toBe(told(around(new shouts())));
    expect(told(over(trims))).not.toBe(told(over(shouts)));
  });

  test("tells them apart by the data in their fields, and not by what else stands there", () => {
    const holding = (options: unknown) =>
      told(
        new (class Holding extends Base {
          options = options;
        })(),
      );
    expect(holding(2)).toBe(holding(2));
    const different = [2, "2", 2n, NaN, { k: 2 }, { k: 3 }, { k: [2] }, [2], null, undefined, true];
    expect(new Set(different.map(holding)).size).toBe(different.length);
    expect(holding({ k: 2, since: new Date(0) })).toBe(holding({ k: 2, since: new Date(1) }));
    const circle: Record<string, unknown> = { k: 2 };
    circle.circle = circle;
    expect(holding(circle)).toContain("2");
  });

  test("tells them apart by what a predictor says, takes, and runs on", () => {
    const lm = (name: string) => new FunctionModel(() => "{}", { name });
    const one = new Base();
    const others = [
      one.with({ step: { instructions: "Be brief." } }),
      one.withLM(lm("one")),
      one.withLM(lm("two")),
    ];
    expect(new Set([one, ...others].map(told)).size).toBe(4);
    expect(told(new Predict("a -> b"))).not.toBe(told(new Predict("a -> c")));
  });
});

describe("programSource", () => {
  test("has each class once, the program's own first, and no predictor's", () => {
    const source = programSource(around(new (trimming())()));
    expect(source.indexOf("Around")).toBeLessThan(source.indexOf("trim()"));
    expect(source).not.toContain("class Predict");
    expect(programSource(new Predict("a -> b"))).toBe("");
  });
});
