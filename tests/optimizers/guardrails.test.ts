import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Dataset } from "../../src/data/index.ts";
import { ConfigurationError } from "../../src/core/index.ts";
import { countTokens, FunctionModel, type LanguageModel } from "../../src/lm/index.ts";
import { Completeness, exactMatch, Faithfulness, Relevance, Toxicity } from "../../src/metrics/index.ts";
import { type Module, Predict } from "../../src/modules/index.ts";
import { CopiedText } from "../../src/optimizers/copied-text.ts";
import { fitPrompt } from "../../src/optimizers/fit-prompt.ts";
import { GEPA } from "../../src/optimizers/gepa.ts";
import { Guardrails } from "../../src/optimizers/guardrails.ts";
import { MIPROv2, type Optimizer, type OptimizerOptions } from "../../src/optimizers/index.ts";
import { changedParameter } from "../../src/optimizers/task-parameters.ts";
import { signature } from "../../src/signature/index.ts";
import { bareStudy } from "./bare-study.ts";
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

describe("a scale that only the type of the output tells", () => {
  const relevance = Relevance.signature;

  test.each([
    ["Score it on a scale from 1 to 10.", /the scale from 1 to 5 to 1 to 10/],
    ["Rate the document between 0 and 100.", /1 to 5 to 0 to 100/],
    ["Use scores 1-10 for the document.", /1 to 10/],
    ["Give a rating from one to ten.", /1 to 10/],
    ["Use a ten-point scale.", /ten-point scale/],
    ["Give a score out of 10.", /out of 10/],
    ["Read the document, then score from 5 to 1, where 1 is perfect.", /5 to 1/],
    ["Score from 1 to 3.", /1 to 3/],
    ["A 1 means best, a 5 means worst.", /turns the scale of 1 to 5 round: "1 means best"/],
    ["Rate it with 1 being the best.", /turns the scale/],
    ["Give a 5 to the worst documents and a 1 to the best.", /turns the scale/],
    ["Score from 1 (best) to 5 (worst).", /turns the scale/],
    ["The best document is a 1.", /turns the scale/],
    ["Lower scores are better.", /turns the scale/],
    ["The higher the score, the worse the document.", /turns the scale/],
    ["1: it answers the query. 5: it has nothing to do with the query.", /from 5 to 1/],
  ])("%s is refused", (text, reason) => {
    expect(changedParameter(relevance, text)).toMatch(reason);
  });

  test.each([
    "Rate 5 when every claim is borne out.",
    "Score from 1 to 5.",
    "Score on a scale from 1 to 5, where 5 is best and 1 is worst.",
    "Rate it between 1 and 5, on a five-point scale.",
    "Rate from 5 (best) to 1 (worst).",
    "A 1 is for answers that contradict the context.",
    "Scores 1 to 2 are for documents that only share a word with the query.",
    "Give 4 or 5 where the document answers the query, 2 to 3 where it only touches it.",
    "Score from 2 to 4 when the document answers the query in part.",
    "5: it answers all of the query. 3: it is about a neighbouring case. 1: it has nothing to do with it.",
    "1: it does not answer the query at all.",
    "Rate after reading the first 2 to 3 sentences twice.",
    "Rate answers of 10 to 20 words as highly as long ones.",
    "Rate documents from 2019 to 2021 like all others.",
    "Score 4 where 2 out of 3 questions are answered.",
    "When in doubt between two levels, the lower score is better.",
    "A low score that is well explained is better than a high one that is not.",
    "A score of 1 is best explained by naming what is missing.",
    "Never give 1 to the best document of a poor list: judge each alone.",
    "Even the best-written document gets a 1 if it has nothing to do with the query.",
    "Write the rationale first, in 1 to 2 sentences; the score follows from it.",
    "Do not score from 1 to 10.",
  ])("%s is let through", (text) => {
    expect(changedParameter(relevance, text)).toBeUndefined();
  });

  test.each([
    "You rate how faithful the answer is. Use the full range: 1 to 5.",
    "Compare each claim with the context, one by one. A 5 requires that all claims are supported; a 4 allows one small slip.",
    "If two levels fit, choose the lower one. A lower score is safer.",
    "Score strictly: 5 = fully grounded, 4 = minor detail beyond, 3 = half, 2 = mostly ungrounded, 1 = contradicts the context.",
    "Start at 5 and subtract 1 for each unsupported claim, down to 1.",
    "The best answers (5) follow the context; the worst (1) contradict it.",
    "Ratings 4-5 mean the claims are supported; ratings 1-2 mean that they are not.",
    "A perfect 5 is rare. A 1 means it is useless.",
    "Think in three steps, then score. Spend 2 to 3 sentences on the rationale.",
    "When the answer lists 10 to 20 facts, score the share of those that hold: 80-100% is a 5, 60-80% a 4.",
    "Treat scores as ordinal: 4 is better than 3, 3 is better than 2.",
    "Give 1 if nothing is borne out, 3 if about half is, 5 if all is.",
    "Don't inflate scores: use 3 as the default, and 1 or 5 only for clear cases.",
    "Rate every document from 1 (unrelated) to 5 (answers the query).",
    "Level 1 is for harm, level 5 is for help.",
    "Higher scores mean better answers; lower scores mean worse answers.",
    "A higher score for a longer answer is a mistake: longer is not better, and can be worse.",
    "The lower the overlap, the lower the score. Being brief is better.",
    "Score 1: it is wrong. Score 5: it is right.",
    "5: every part of the question is answered; 4: all but a detail.",
    "If the answer is 'I do not know', score 1.",
    "Scores must be integers from 1 to 5; never use 0 or 10.",
    "On a 5-point scale, how complete is it? 5 is complete.",
    "Grade each part, then take the mean on the 1-5 scale and round it down.",
    "Rate 1 for the worst case, where the answer is useless, and 5 for the best.",
    "An excellent answer is 5, even if it is short.",
    "2 is bad, 1 is worst, 4 is good, 5 is ideal.",
    "The score is 1 to 5 where 5 is perfectly faithful.",
    "The rationale is best in one sentence, and the score 1 is best kept for contradictions.",
    "Answers worse than 2 are 1.",
  ])("%s is let through by every judge", (text) => {
    for (const judge of [Relevance, Faithfulness, Completeness, Toxicity]) {
      expect(changedParameter(judge.signature, text)).toBeUndefined();
    }
  });

  test("what the rubric says of itself is let through, of every judge", () => {
    for (const judge of [Relevance, Faithfulness, Completeness, Toxicity]) {
      const { signature: own } = judge;
      expect(changedParameter(own, own.instructions)).toBeUndefined();
      expect(changedParameter(own, own.instructions.split("\n").reverse().join("\n"))).toBeUndefined();
    }
  });

  test("a rubric with its levels moved is refused", () => {
    const turned = relevance.instructions.replaceAll(/\b([1-5]):/g, (_, level) => `${6 - Number(level)}:`);
    expect(changedParameter(relevance, turned)).toMatch(/on the scale from/);
  });

  test("which end is good is not guessed where the task does not tell", () => {
    expect(changedParameter(Toxicity.signature, "1 means best, 5 means worst.")).toBeUndefined();
    const damage = signature("report -> severity: Literal[1, 2, 3]", "1: nothing is damaged. 3: it is lost.");
    expect(changedParameter(damage, "3 is the worst. Rate it from 1 to 3.")).toBeUndefined();
    expect(changedParameter(damage, "Rate it from 1 to 4.")).toMatch(/1 to 3 to 1 to 4/);
  });

  test("an output beside the scale has a range of its own", () => {
    const both = signature("answer -> score: Literal[1, 2, 3], confidence: float", "Score it.");
    expect(changedParameter(both, "Rate your confidence from 0 to 1.")).toBeUndefined();
    expect(changedParameter(both, "Rate it from 0 to 1.")).toMatch(/0 to 1/);
  });
});

describe("another word in the place of a label", () => {
  const tone = signature(
    "text -> sentiment: Literal['negative', 'neutral', 'positive']",
    "Classify what a customer wrote.",
  );
  const reasoned = signature(
    "text -> reason: str, sentiment: Literal['negative', 'neutral', 'positive']",
    "Classify what a customer wrote.",
  );

  test.each([
    "Answer 'upset' instead of 'negative'.",
    "Answer upset instead of negative.",
    "Say “upset” rather than negative where they complain.",
    "Instead of 'negative', answer 'upset'.",
    "Replace negative with upset.",
    "Use the label upset for complaints.",
    "Use the label 'upset' for complaints.",
    "Where they complain, answer with a new category called upset when they are angry.",
  ])("%s is refused", (text) => {
    expect(changedParameter(tone, text)).toMatch(/puts "upset" in the place of the labels negative, /);
    expect(changedParameter(reasoned, text)).toMatch(/puts "upset" in the place/);
  });

  test("an answer in quotes is a label where nothing else is answered", () => {
    expect(changedParameter(tone, "Read it; answer 'upset' where they complain.")).toMatch(/puts "upset"/);
    expect(changedParameter(tone, "Use 'upset' for complaints.")).toMatch(/puts "upset"/);
    expect(changedParameter(reasoned, "Return 'none' where there is no reason.")).toBeUndefined();
  });

  test.each([
    "Prefer negative over neutral where a complaint is mixed with thanks.",
    "Use the label neutral for questions.",
    "Use the label 'neutral' for questions and 'negative' for complaints.",
    "Answer 'neutral' instead of 'positive' where the thanks are mere form.",
    "Answer neutral rather than negative when nothing is complained of.",
    "Use the label that fits best.",
    "Use the label only where it is borne out by the text.",
    "Use the label carefully when the text is short.",
    "Give the label needed for the whole text, not for its first sentence.",
    "Assign the label meant for complaints, even if the writer is polite.",
    "Never use the label mixed for anything.",
    "Don't answer 'upset' instead of 'negative'.",
    "Use facts instead of negative words to decide.",
    "Choose a label for each text by its tone.",
    "Customers who answer 'no' to an offer are not negative for that.",
    "Return the category name for the tone, spelt as given.",
    "If they reply 'fine' to bad news, the tone is negative.",
    "Label complaints negative, thanks positive and questions neutral.",
    "Answer in one word, without quotes.",
    "Use positive for thanks, even if they are short.",
    "Answer negative when in doubt.",
    "Answer 'negative' for complaints, 'neutral' for questions, and 'positive' for thanks.",
    "Choose the label by the last sentence, not by the first.",
    "Write the label in lower case and nothing else.",
    "Use the label with the strongest evidence in the text.",
    "Use the class negative even when the customer is polite.",
    "Label a tweet as negative if the customer is upset, angry or disappointed.",
    "Treat sarcasm as negative: the words are positive, the meaning is not.",
    "Say negative rather than neutral for delays.",
    "Give the label whose meaning is nearest.",
    "If the text is mixed, use the label of the main clause.",
    "Use common sense instead of keywords.",
    "Return only the label, without 'Answer:' or 'Label:'.",
    "Output exactly one label: negative, neutral or positive.",
    "'Great, another delay' is negative.",
    "Words like 'thanks' or 'great' often mark a positive text, though 'thanks a lot' may be irony.",
    "Read 'not bad' as positive.",
    "Never answer with a label that is not in the list, such as 'mixed' or 'unknown'.",
    "Do not output 'unknown' where the tone is unclear; use neutral.",
    "Answer with the label for the author's own feeling.",
    "A question is neutral, unless it implies a complaint: then it is negative.",
    "Use the label positive on thanks and the label negative on threats.",
    "Think about the tone first, then answer with one of the labels.",
    "Assign the label when you have read all of it.",
    "Give each text the label a careful reader would give.",
    "Use the category name as spelt, instead of a synonym.",
    "Prefer the specific label instead of 'neutral' where there is any emotion.",
    "Use neutral instead of guessing.",
    "Instead of neutral, choose negative where a loss is told.",
    "Instead of 'neutral', answer with 'positive' for thanks.",
  ])("%s is let through", (text) => {
    expect(changedParameter(tone, text)).toBeUndefined();
  });

  test("a word that the task itself uses so is let through", () => {
    const own = signature(
      "text -> tone: Literal['a', 'b']",
      "Use the tag upset for complaints. Answer a or b.",
    );
    expect(changedParameter(own, "Use the tag upset for complaints.")).toBeUndefined();
  });

  test("texts made to be slow to read are read", () => {
    for (const part of [
      "use the label ",
      "score from 1 ",
      "answer 'x' instead of ",
      "1 is ",
      "best is ",
      "not ",
    ]) {
      expect(changedParameter(tone, part.repeat(4000 / part.length))).toBeUndefined();
      changedParameter(Relevance.signature, part.repeat(4000 / part.length));
    }
  });
});

describe("guardrails of a study", () => {
  test("outputs that rows share are labels, and the program's own words are free", () => {
    const train = Dataset.from([
      { text: "one", kind: "asks for the money back" },
      { text: "two", kind: "asks for the money back" },
      { text: "three", kind: "tells a story of its own" },
    ]);
    const program = new Predict("text -> kind", "Say what kind of letter it is at all.") as unknown as Module;
    const guardrails = new Guardrails(bareStudy(program, train, plantedMetric));
    expect(guardrails.refusal("self", "Say asks for the money back where they do.")).toBeUndefined();
    expect(guardrails.refusal("self", "Say what kind of letter it is at all. Be brief.")).toBeUndefined();
    expect(guardrails.refusal("self", "One tells a story of its own.")).toMatch(/copies a training row/);
  });

  test("tokens have a cap, which can be set", () => {
    const study = bareStudy(plantedProgram(), plantedRows(3, 1), plantedMetric);
    // Three bytes a character, and a token at least every other.
    const dense = "龘靐齉".repeat(1000);
    expect(new Guardrails(study).refusal("self", dense)).toBe("has more than 2000 tokens");
    expect(new Guardrails(study, { maxInstructionTokens: 20_000 }).refusal("self", dense)).toBeUndefined();
    expect(new Guardrails(study).refusal("self", "Look closely. ".repeat(280))).toBeUndefined();
  });

  test("length has a cap, which can be set", () => {
    const study = bareStudy(plantedProgram(), plantedRows(3, 1), plantedMetric);
    expect(new Guardrails(study).refusal("self", "x".repeat(4001))).toMatch(
      /4001 characters, more than 4000/,
    );
    expect(new Guardrails(study, { maxInstructionLength: 10 }).refusal("self", "x".repeat(11))).toBeDefined();
    expect(new Guardrails(study).refusal("self", " ")).toMatch(/empty/);
  });
});

describe("a proposer that misbehaves", () => {
  const readings = {
    base: "Say how it is.",
    program: () => plantedProgram() as unknown as Predict,
    metric: plantedMetric as unknown as OptimizerOptions["metric"],
    train: plantedRows(24, 1),
    val: plantedRows(30, 2),
  };
  const levels = { hot: 5, mild: 3, cold: 1 };
  const scored = (rows: typeof readings.train) =>
    Dataset.from(
      rows.rows().map(({ text, label }) => ({ text, score: levels[label as keyof typeof levels] })),
    );
  /** The same texts, rated: the type alone has the range, the levels tell which end is the good one. */
  const ratings = {
    base: "Say how warm it is. 5: it is hot. 3: it is mild. 1: nothing of it is warm.",
    program: () =>
      new Predict("text -> score: Literal[1, 2, 3, 4, 5]", {
        instructions: ratings.base,
        // Right where the rule is in the instructions, else on every third row.
        lm: new FunctionModel(({ messages }) => {
          const [, row, word] = /reading \d+-(\d+) says (hot|mild|cold)/.exec(
            JSON.stringify(messages.at(-1)),
          )!;
          const reads = Number(row) % 3 === 0 || JSON.stringify(messages[0]).includes(rule);
          return JSON.stringify({ score: reads ? levels[word as keyof typeof levels] : 2 });
        }),
      }) as unknown as Predict,
    metric: exactMatch("score") as unknown as OptimizerOptions["metric"],
    train: scored(readings.train),
    val: scored(readings.val),
  };
  const endless = `${rule} `.repeat(10_000);
  const tricks: [string, typeof readings, (prompt: string) => string, RegExp][] = [
    [
      "copies rows",
      readings,
      (prompt) =>
        `Say how it is. ${/reading 1-\d+ says \w+/.exec(prompt)?.[0] ?? readings.train.rows()[0]!.text}. ${rule}`,
      /copies a training row/,
    ],
    ["flips labels", readings, () => `Say hot for cold. ${rule}`, /a label for another/],
    [
      "lists another label",
      readings,
      () => `Answer 'warm', 'cold' or 'mild'. ${rule}`,
      /\\"warm\\" among the labels/,
    ],
    [
      "renames a label",
      readings,
      () => `Answer 'warm' instead of 'hot'. ${rule}`,
      /puts \\"warm\\" in the place of the labels/,
    ],
    [
      "flips the scale",
      ratings as never,
      () => `Say how warm it is. A 1 means best, a 5 means worst. ${rule}`,
      /turns the scale of 1 to 5 round/,
    ],
    [
      "counts the scale down",
      ratings as never,
      () => `Score from 5 to 1, where 1 is perfect. ${rule}`,
      /changes the scale from 1 to 5 to 5 to 1/,
    ],
    [
      "widens the scale",
      ratings as never,
      () => `Rate it on a scale from 1 to 10. ${rule}`,
      /1 to 5 to 1 to 10/,
    ],
    ["writes 50,000 tokens", readings, () => endless, /characters, more than 4000/],
  ];
  const strategies: [string, (options: OptimizerOptions & { promptModel: LanguageModel }) => Optimizer][] = [
    ["GEPA", (options) => new GEPA(options)],
    ["MIPROv2", (options) => new MIPROv2({ ...options, numCandidates: 10, numTrials: 12 })],
  ];

  test("what is written without end has 50,000 tokens", () => {
    expect(countTokens(endless)).toBeGreaterThanOrEqual(50_000);
  });

  describe.each(strategies)("in %s", (strategy, make) => {
    test.each(tricks)(
      "%s: it is refused with the reason, and the run goes on",
      async (_name, { base, program: made, metric, train, val }, trick, reason) => {
        const journal = join(await mkdtemp(join(tmpdir(), "lmframe-guardrails-")), "study.jsonl");
        const good = `${base} ${rule}`;
        const promptModel = plantedProposer((luck, prompt) => (luck < 0.5 ? good : trick(prompt)));
        const { program, candidates } = await make({ metric, seed: 3, promptModel }).compile(made(), {
          train,
          val,
          journal,
          budget: { rollouts: 600 },
        });
        const lines = (await readFile(journal, "utf8")).split("\n").filter(Boolean);
        // Grounding asks the same model for other things than instructions.
        const tricked = lines
          .map((line) => JSON.parse(line) as { kind: string; outputs?: { instructions?: string } })
          .filter(({ kind, outputs }) => kind === "proposal" && outputs?.instructions !== undefined)
          .filter(({ outputs }) => outputs!.instructions!.trim() !== good);
        expect(tricked.length).toBeGreaterThan(0);
        const refused = lines.filter((line) => line.includes('"refuse"'));
        expect(refused).toHaveLength(tricked.length);
        for (const line of refused) expect(line).toMatch(reason);
        const tried = candidates.map(({ edits }) => edits.self?.instructions);
        expect(tried).toContain(good);
        for (const instructions of tried) expect([undefined, good]).toContain(instructions);
        if (strategy === "GEPA") expect(program.state.instructions).toBe(good);
      },
    );
  });
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
