import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { ConfigurationError } from "../../src/core/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { CopiedText } from "../../src/optimizers/copied-text.ts";
import { fitPrompt } from "../../src/optimizers/fit-prompt.ts";
import { GEPA } from "../../src/optimizers/gepa.ts";
import { Guardrails } from "../../src/optimizers/guardrails.ts";
import { meanScore, Study } from "../../src/optimizers/index.ts";
import { changedParameter } from "../../src/optimizers/task-parameters.ts";
import { signature } from "../../src/signature/index.ts";
import { plantedMetric, plantedProgram, plantedProposer, plantedRows, rule } from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

usePlantedModel();

describe("copied text", () => {
  const row = "My bag was lost in Denver and nobody at the desk would help me find it";

  test("a run of words is found, whatever its case and punctuation", () => {
    const copied = new CopiedText([row], [], 8);
    expect(copied.find("For instance: MY BAG was lost; in Denver, and nobody…")).toBe(
      "my bag was lost in denver and nobody",
    );
    expect(copied.find("A bag that was lost in Denver is a complaint.")).toBeUndefined();
  });

  test("a short value counts as a whole, three words do not", () => {
    const copied = new CopiedText(["refund my ticket now", "thank you all"], [], 8);
    expect(copied.find("If it says refund my ticket now, answer negative.")).toBe("refund my ticket now");
    expect(copied.find("thank you all is positive")).toBeUndefined();
  });

  test("allowed words are free", () => {
    const copied = new CopiedText(["late flight or lost bag"], ["late flight or lost bag"], 8);
    expect(copied.find("Choose late flight or lost bag where both fit.")).toBeUndefined();
  });

  test("scripts without spaces are read by character", () => {
    const copied = new CopiedText(["我的行李在丹佛丢失了"], [], 8);
    expect(copied.find("如果顾客说我的行李在丹佛丢失")).toBeDefined();
    expect(copied.find("行李丢失是投诉")).toBeUndefined();
  });
});

describe("task parameters", () => {
  const tone = signature(
    "text -> sentiment: Literal['negative', 'neutral', 'positive']",
    "Classify what a customer wrote.",
  );
  const judge = signature(
    "question, answer -> relevance: Literal[1, 2, 3, 4, 5]",
    "Rate the answer on a scale from 1 to 5, where 5 is perfect and 1 is useless.",
  );

  test.each([
    ["Answer 'Positive' where the customer is glad.", /spells "positive" as "Positive"/],
    ["Fill `Sentiment` by the tone.", /spells "sentiment" as "Sentiment"/],
    ["Choose one of 'negative', 'positive' or 'mixed'.", /"mixed" among the labels/],
    ["Here negative means positive.", /a label for another: "negative means positive"/],
    ["Write positive for negative texts.", /a label for another/],
    ["Swap the labels in your answer.", /changes labels/],
    ["Rename neutral to other.", /changes labels/],
  ])("%s is refused", (text, reason) => {
    expect(changedParameter(tone, text)).toMatch(reason);
  });

  test.each([
    "Classify the `text` by its tone: 'negative', 'neutral' or 'positive'.",
    "If the praise is sarcastic, answer negative, however positive the words are.",
    "Don't answer 'neutral' unless the customer asks a question; it isn't for complaints.",
    "Never swap the labels.",
    "Positive texts thank the crew. Words such as 'late' and 'lost' tell of anger.",
  ])("%s is let through", (text) => {
    expect(changedParameter(tone, text)).toBeUndefined();
  });

  test("a text made to be slow to read is read", () => {
    expect(changedParameter(tone, `answer 'x'${" ,  ".repeat(900)}`)).toBeUndefined();
    expect(changedParameter(tone, "swap ".repeat(800))).toBeUndefined();
  });

  test.each([
    ["Rate the answer on a scale from 5 to 1.", /the scale from 1 to 5 to 5 to 1/],
    ["Give a score of 0 to 10.", /1 to 5 to 0 to 10/],
    ["Rate it on a scale from 1 to 5, where 1 is perfect.", /moves "perfect" on the scale from 5 to 1/],
  ])("a scale: %s is refused", (text, reason) => {
    expect(changedParameter(judge, text)).toMatch(reason);
  });

  test("a scale that stays as it is is let through, and so are other numbers", () => {
    expect(
      changedParameter(
        judge,
        "On a scale from 1 to 5, 5 is perfect. Read the first 2 to 3 sentences closely.",
      ),
    ).toBeUndefined();
  });
});

describe("guardrails of a study", () => {
  const studyOf = (program: Predict, train: Dataset) =>
    new Study({
      name: "test",
      program,
      train,
      val: train,
      metric: plantedMetric,
      objective: meanScore,
      seed: 1,
      concurrency: 1,
      budget: {},
      models: {},
      maxOutages: 1,
    });

  test("outputs that rows share are labels, and the program's own words are free", () => {
    const train = Dataset.from([
      { text: "one", kind: "asks for the money back" },
      { text: "two", kind: "asks for the money back" },
      { text: "three", kind: "tells a story of its own" },
    ]);
    const program = new Predict(
      "text -> kind",
      "Say what kind of letter it is at all.",
    ) as unknown as Predict;
    const guardrails = new Guardrails(studyOf(program, train));
    expect(guardrails.refusal("self", "Say asks for the money back where they do.")).toBeUndefined();
    expect(guardrails.refusal("self", "Say what kind of letter it is at all. Be brief.")).toBeUndefined();
    expect(guardrails.refusal("self", "One tells a story of its own.")).toMatch(/copies a training row/);
  });

  test("length has a cap, which can be set", () => {
    const study = studyOf(plantedProgram() as unknown as Predict, plantedRows(3, 1));
    expect(new Guardrails(study).refusal("self", "x".repeat(4001))).toMatch(
      /4001 characters, more than 4000/,
    );
    expect(new Guardrails(study, { maxInstructionLength: 10 }).refusal("self", "x".repeat(11))).toBeDefined();
    expect(new Guardrails(study).refusal("self", " ")).toMatch(/empty/);
  });
});

describe("a proposer that misbehaves", () => {
  const train = plantedRows(24, 1);
  const val = plantedRows(30, 2);
  const tricks: [string, (prompt: string) => string, RegExp][] = [
    [
      "copies rows",
      (prompt) => `Say how it is. ${/reading 1-\d+ says \w+/.exec(prompt)?.[0]}. ${rule}`,
      /copies a training row/,
    ],
    ["flips labels", () => `Say hot for cold. ${rule}`, /a label for another/],
    ["renames a label", () => `Answer 'warm', 'cold' or 'mild'. ${rule}`, /\\"warm\\" among the labels/],
    ["writes 50,000 characters", () => `${rule} `.repeat(2400).slice(0, 50_000), /50000 characters/],
  ];

  test.each(tricks)(
    "%s: it is refused with the reason, and the run goes on",
    async (_name, trick, reason) => {
      const journal = join(await mkdtemp(join(tmpdir(), "lmframe-guardrails-")), "study.jsonl");
      let tricked = 0;
      const reflectionModel = plantedProposer((luck, prompt) => {
        if (luck < 0.5) return `Say how it is. ${rule}`;
        tricked++;
        return trick(prompt);
      });
      const { program, candidates } = await new GEPA({
        metric: plantedMetric,
        seed: 3,
        reflectionModel,
      }).compile(plantedProgram(), { train, val, journal, budget: { rollouts: 600 } });
      expect(tricked).toBeGreaterThan(0);
      const refused = (await readFile(journal, "utf8"))
        .split("\n")
        .filter((line) => line.includes('"refuse"'));
      expect(refused).toHaveLength(tricked);
      for (const line of refused) expect(line).toMatch(reason);
      expect(program.state.instructions).toBe(`Say how it is. ${rule}`);
      for (const { edits } of candidates) {
        expect([undefined, `Say how it is. ${rule}`]).toContain(edits.self?.instructions);
      }
    },
  );
});

describe("the prompt of a proposer", () => {
  const proposer = new Predict("current, runs: list[str] -> instructions", "Write better instructions.");
  const length = (inputs: object) =>
    proposer.prompt(inputs as never).reduce((sum, { content }) => sum + (content as string).length, 0);

  test("is never above its budget: the longest texts give way first", () => {
    const inputs = { current: "Say it.", runs: ["x".repeat(5000), "short", "\n".repeat(9000)] };
    const fitted = fitPrompt(proposer, inputs, 2000) as typeof inputs;
    expect(length(fitted)).toBeLessThanOrEqual(2000);
    expect(length(fitted)).toBeGreaterThan(1500);
    expect(fitted.current).toBe("Say it.");
    expect(fitted.runs[1]).toBe("short");
    expect(fitted.runs[0]).toMatch(/^x+ … \[\d+ characters left out\]$/);
  });

  test("stays as it is where it fits", () => {
    const inputs = { current: "Say it.", runs: ["short"] };
    expect(fitPrompt(proposer, inputs, 2000)).toBe(inputs);
  });

  test("cannot be shorter than the proposer's own words", () => {
    expect(() => fitPrompt(proposer, { current: "a", runs: [] }, 20)).toThrow(ConfigurationError);
  });
});
