import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError, DataError } from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { type Bullet, InstructionLibrary, LibrarySearch } from "../../src/optimizers/index.ts";
import { seedsOfTen, TwoSteps } from "./planted-task.ts";
import { plantedTasks, ticketLibrary } from "./planted-tasks.ts";
import { harmfulSentence, rules, TicketTask } from "./planted-tickets.ts";

const bullets: Bullet[] = [
  { id: "idle", text: "Be polite.", approved: true },
  { id: "harm", text: "Answer as fast as you can.", approved: true },
  { id: "odd", text: "Odd numbers are told by their last digit.", approved: true },
  { id: "even", text: "Even numbers end in 0, 2, 4, 6 or 8.", approved: true },
  { id: "cheat", text: "Look the answer up.", approved: false },
];
const rows = (count: number, from: number) =>
  Dataset.from(
    Array.from({ length: count }, (_, index) => ({
      number: `${from + index}`,
      kind: (from + index) % 2 === 0 ? "even" : "odd",
    })),
  );

/** Knows odd and even numbers apart only where it is told how; is careless where it is hurried. */
const seen: string[] = [];
const lm = new FunctionModel(
  ({ messages }) => {
    const [system, asked] = [messages[0]!.content as string, messages.at(-1)!.content as string];
    seen.push(system);
    const number = Number(/\d+/.exec(asked)![0]);
    const kind = number % 2 === 0 ? "even" : "odd";
    const told = system.includes(kind === "odd" ? bullets[2]!.text : bullets[3]!.text);
    const hurried = system.includes(bullets[1]!.text) && number % 5 === 0;
    const right = (told || number % 3 === 0 || system.includes(bullets[4]!.text)) && !hurried;
    // The rule that comes last is the one that is kept best.
    const last =
      system.includes(`- ${bullets[2]!.text}`) &&
      system.indexOf(bullets[2]!.text) > system.indexOf(bullets[3]!.text);
    const slip = told && kind === "odd" && !last && number % 7 === 0;
    return JSON.stringify({ kind: right && !slip ? kind : kind === "odd" ? "even" : "odd" });
  },
  { name: "parity" },
);
const program = () =>
  new Predict("number -> kind: Literal['even', 'odd']", { instructions: "Say which it is.", lm });
const metric = exactMatch("kind");

describe("LibrarySearch", () => {
  test("chooses the bullets that help, in the order that helps, and says what each contributes", async () => {
    const search = new LibrarySearch({ metric, library: bullets, seed: 3 });
    const found = await search.compile(program(), { train: rows(4, 1000), val: rows(90, 0) });
    expect(found.program.state.instructions).toBe(
      `Say which it is.\n\n- ${bullets[3]!.text}\n- ${bullets[2]!.text}`,
    );
    expect(found.after).toBe(1);
    expect(found.program.state.demos).toEqual([]);
    const effects = search.contributions(found);
    expect(effects.map(({ bullet }) => bullet.id)).toEqual(["even", "odd"]);
    for (const { effect } of effects) {
      expect(effect!.mean).toBeCloseTo(1 / 3, 1);
      expect(effect!.interval[0]).toBeGreaterThan(0.2);
    }
    expect(seen.some((prompt) => prompt.includes("Look the answer up"))).toBe(false);
    const unseen = await evaluate(found.program, rows(40, 500), metric);
    expect(unseen.score).toBe(1);
  });

  test("keeps to its cap, and goes on from bullets that are there", async () => {
    const capped = new LibrarySearch({ metric, library: bullets, maxBullets: 1, seed: 1 });
    const first = await capped.compile(program(), { train: rows(4, 1000), val: rows(90, 0) });
    expect(first.program.state.instructions.match(/^- /gm)?.length).toBe(1);
    const second = new LibrarySearch({ metric, library: bullets, seed: 1 });
    const more = await second.compile(first.program, { train: rows(4, 1000), val: rows(90, 0) });
    expect(more.after).toBe(1);
    expect(more.program.state.instructions.match(/^- /gm)?.length).toBe(2);
    const short = new LibrarySearch({ metric, library: bullets, maxInstructionLength: 20 });
    expect((await short.compile(program(), { train: rows(4, 1000), val: rows(30, 0) })).kept).toBe(true);
  });

  test("drops a bullet without which the score is higher", async () => {
    const given = program().edited({
      instructions: `Say which it is.\n\n- ${bullets[0]!.text}\n- ${bullets[1]!.text}`,
    });
    const search = new LibrarySearch({ metric, library: bullets.slice(0, 2), seed: 1 });
    const found = await search.compile(given, { train: rows(4, 1000), val: rows(60, 0) });
    expect(found.program.state.instructions).not.toContain(bullets[1]!.text);
  });

  test("needs an approved bullet, and a word on whose instructions it writes", async () => {
    expect(() => new LibrarySearch({ metric, library: bullets.slice(4) })).toThrow(ConfigurationError);
    const several = new LibrarySearch({ metric: () => 1, library: bullets });
    const data = Dataset.from([{ text: "a" }, { text: "b" }]);
    await expect(several.compile(new TwoSteps().withLM(lm), { train: data, val: data })).rejects.toThrow(
      '{ predictor: "read" }',
    );
  });
});

describe("what a library can reach: what its bullets hold", () => {
  test.each(["rule", "noise"] as const)("%s, for 9 of 10 seeds within 400 rollouts", async (name) => {
    const { task, optimum } = plantedTasks[name];
    // One of the planted sentences harms where the model heeds it.
    const heedful = new TicketTask({ ...task.options, harmful: true });
    const program = () => task.program().withLM(heedful.model());
    const reached = await seedsOfTen(async (seed) => {
      const search = new LibrarySearch({ metric: task.metric, library: ticketLibrary, seed });
      const found = await search.compile(program(), {
        train: task.rows(2, seed),
        val: task.rows(100, 100 + seed),
        budget: { rollouts: 400 },
      });
      const { instructions } = found.program.predictors().get("self")!.state;
      const unseen = await evaluate(found.program, task.rows(300, 200 + seed), task.metric);
      return (
        instructions.includes(rules.last) &&
        !instructions.includes(harmfulSentence) &&
        unseen.score >= optimum - 0.06
      );
    });
    expect(reached).toBeGreaterThanOrEqual(9);
  });
});

describe("InstructionLibrary", () => {
  test("is written to a file that a person edits, and read again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "library-"));
    try {
      for (const name of ["bullets.csv", "bullets.json"]) {
        const file = join(folder, name);
        await new InstructionLibrary(bullets).write(file);
        expect(await readFile(file, "utf8")).toContain("Be polite.");
        expect((await InstructionLibrary.read(file)).bullets).toEqual(bullets);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("refuses what a person would not have meant", () => {
    const [one] = bullets;
    expect(() => new InstructionLibrary([one!, one!])).toThrow(DataError);
    expect(() => new InstructionLibrary([{ ...one!, text: "a\nb" }])).toThrow("one line");
    expect(() => InstructionLibrary.from([{ ...one!, approved: "yes" }])).toThrow("true or false");
    expect(() => new InstructionLibrary(bullets).approve("nobody")).toThrow("nobody");
  });

  test("a model proposes in sight of the worst runs; nothing is approved before a person says so", async () => {
    const prompts: string[] = [];
    const proposer = new FunctionModel(({ messages }) => {
      prompts.push(JSON.stringify(messages));
      return JSON.stringify({
        lessons: "digits",
        bullets: ["- Read the last  digit.", "Be polite.", "x".repeat(1000), "Read the last digit."],
      });
    });
    const library = new InstructionLibrary(bullets.slice(0, 1));
    const evaluation = await evaluate(program(), rows(30, 0), metric);
    const proposed = await library.propose(evaluation, { lm: proposer });
    expect(proposed.bullets.slice(1)).toEqual([
      { id: "proposed-1", text: "Read the last digit.", approved: false },
    ]);
    expect(prompts[0]).toContain('\\"score\\":0');
    expect(proposed.approved).toEqual(library.approved);
    expect(proposed.approve("proposed-1").approved.length).toBe(2);
  });

  test("long runs are shortened, so that a proposal's prompt fits", async () => {
    let length = 0;
    const proposer = new FunctionModel(({ messages }) => {
      length = messages.reduce((sum, { content }) => sum + (content as string).length, 0);
      return JSON.stringify({ lessons: "digits", bullets: ["Read the last digit."] });
    });
    const long = rows(12, 0)
      .rows()
      .map((row) => ({ ...row, number: `${row.number} ${"x".repeat(10_000)}` }));
    const evaluation = await evaluate(program(), long, metric);
    const library = new InstructionLibrary(bullets);
    const proposed = await library.propose(evaluation, { lm: proposer });
    expect(proposed.bullets.length).toBe(bullets.length + 1);
    expect(length).toBeGreaterThan(10_000);
    expect(length).toBeLessThanOrEqual(24_000);
    await library.propose(evaluation, { lm: proposer, maxPromptLength: 8000 });
    expect(length).toBeLessThanOrEqual(8000);
  });
});
