import { describe, expect, test } from "vitest";
import { Predict } from "../../src/modules/index.ts";
import { fitPrompt } from "../../src/optimizers/fit-prompt.ts";

const critic = new Predict("steps: dict[str, str], runs: list[str], count: int -> critique");
const length = (inputs: object) =>
  critic.prompt(inputs as never).reduce((sum, { content }) => sum + (content as string).length, 0);
const steps = Object.fromEntries(
  Array.from({ length: 7 }, (_, place) => [`step${place}`, `${place}`.repeat(4000)]),
);

describe("fitPrompt", () => {
  test("leaves alone what fits", () => {
    const inputs = { steps: { one: "short" }, runs: ["a run"], count: 3 };
    expect(fitPrompt(critic, inputs, 24_000)).toBe(inputs);
  });

  test("shortens the longest texts, those inside objects too", () => {
    const inputs = { steps, runs: ["a run"], count: 3 };
    const fitted = fitPrompt(critic, inputs, 24_000);
    expect(length(inputs)).toBeGreaterThan(24_000);
    expect(length(fitted)).toBeLessThanOrEqual(24_000);
    expect(fitted).toMatchObject({ runs: ["a run"], count: 3 });
    for (const [name, text] of Object.entries(fitted.steps as typeof steps)) {
      expect(text.slice(0, 3000)).toBe(steps[name]!.slice(0, 3000));
      expect(text).toContain("characters left out]");
    }
  });

  test("says so where the proposer's own words are too many", () => {
    expect(() => fitPrompt(critic, { steps, runs: [], count: 3 }, 100)).toThrow(/maxPromptLength is 100/);
  });
});
