import { afterEach, describe, expect, test } from "vitest";
import { UnreachableError } from "../../src/core/index.ts";
import { currentLM, FunctionModel } from "../../src/lm/index.ts";
import { Ensemble, Predict } from "../../src/modules/index.ts";

/** Answers with what the instructions say. */
const echo = new FunctionModel(({ messages }) => {
  const said = /say (\w+)/.exec(messages[0]!.content as string)![1]!;
  if (said === "away") throw new UnreachableError("the endpoint is away");
  return said === "nothing" ? "" : JSON.stringify({ reasoning: `by ${said}`, label: said });
});
const saying = (word: string) => new Predict("text -> reasoning, label", `say ${word}`);
const ask = (...words: string[]) => new Ensemble(words.map(saying)).call({ text: "?" });

currentLM.set(echo);
afterEach(() => currentLM.set(echo));

describe("Ensemble", () => {
  test("answers as most programs do, with all that the first of them said", async () => {
    expect(await ask("no", "yes", "Yes")).toEqual({ reasoning: "by yes", label: "yes" });
  });

  test("of equals takes the earlier", async () => {
    expect(await ask("no", "yes")).toMatchObject({ label: "no" });
  });

  test("gives no vote to a program that fails, and fails where all do", async () => {
    expect(await ask("nothing", "yes", "nothing")).toMatchObject({ label: "yes" });
    await expect(ask("nothing", "nothing")).rejects.toThrow("reply");
  });

  test("an outage of one is an outage", async () => {
    await expect(ask("yes", "away", "yes")).rejects.toThrow(UnreachableError);
  });

  test("reduces as it is told", async () => {
    const all = new Ensemble(["a", "b"].map(saying), {
      reduce: (answers) => ({ label: answers.map(({ label }) => label).join("+") }),
    });
    expect(await all.call({ text: "?" })).toEqual({ label: "a+b" });
  });

  test("is a program: its predictors have paths, and are edited in a copy", async () => {
    const ensemble = new Ensemble(["a", "b"].map(saying));
    expect([...ensemble.predictors().keys()]).toEqual(["programs[0]", "programs[1]"]);
    const edited = ensemble.with({ "programs[0]": { instructions: "say b" } });
    expect(await edited.call({ text: "?" })).toMatchObject({ label: "b" });
    expect(await ensemble.call({ text: "?" })).toMatchObject({ label: "a" });
    expect(edited.signature.toString()).toBe("text -> reasoning, label");
  });

  test("needs a program", () => {
    expect(() => new Ensemble([])).toThrow("no programs");
  });
});
