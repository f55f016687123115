import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Demo } from "../../src/adapters/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { countTokens, FunctionModel } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { type Module, Predict } from "../../src/modules/index.ts";
import { cappedDemos } from "../../src/optimizers/demo-cap.ts";
import type { Optimization } from "../../src/optimizers/index.ts";
import { exceedsTokens } from "../../src/optimizers/token-cap.ts";
import { bareStudy } from "./bare-study.ts";
import { everyStrategy } from "./every-strategy.ts";
import { plantedMetric, plantedProgram, plantedProposer, plantedReply, plantedRows } from "./planted-task.ts";
import { usePlantedModel } from "./use-planted-model.ts";

usePlantedModel();

describe("a cap in tokens", () => {
  const text = "one two three four five six seven eight nine ten ".repeat(5);

  test("is held to the token, however long the text", () => {
    for (const times of [1, 100, 1000]) {
      const long = text.repeat(times);
      const tokens = countTokens(long);
      expect(exceedsTokens(long, Math.ceil(tokens * 1.01))).toBe(false);
      expect(exceedsTokens(long, Math.floor(tokens * 0.99))).toBe(true);
    }
    expect(exceedsTokens(text, countTokens(text))).toBe(false);
    expect(exceedsTokens(text, countTokens(text) - 1)).toBe(true);
    expect(exceedsTokens("龘".repeat(10), 9)).toBe(true);
  });

  test("a text of as many bytes is not above it", () => {
    expect(exceedsTokens("x1y2z3", 6)).toBe(false);
    expect(exceedsTokens("", 0)).toBe(false);
  });
});

describe("the cap of demos", () => {
  const labels = ["hot", "cold", "mild"];
  const filler = "a long way round the mountain ";
  /** Every third row is far too long for an example, and told well by the model. */
  const rows = Dataset.from(
    Array.from({ length: 24 }, (_, index) => ({
      text: `${index % 3 === 0 ? filler.repeat(1000) : ""}reading ${index} says ${labels[index % 3]!}`,
      label: labels[index % 3]!,
    })),
  );
  const val = plantedRows(12, 2);
  const shownTo = ({ program, candidates }: Optimization<Module>) =>
    [
      ...candidates.flatMap(({ edits }) => Object.values(edits).flatMap(({ demos }) => demos ?? [])),
      ...[...program.predictors().values()].flatMap(({ state }) => [
        ...state.demos,
        ...Object.values(state.extensions).flatMap(
          (extension) => (extension.toJSON() as { rows?: Demo[] }).rows ?? [],
        ),
      ]),
    ].map(({ text }) => String(text));

  test.each(Object.entries(everyStrategy).filter(([name]) => !["LibrarySearch"].includes(name)))(
    "%s shows no demo above it, and goes on",
    async (_name, make) => {
      const journal = join(await mkdtemp(join(tmpdir(), "lmframe-demos-")), "study.jsonl");
      const strategy = make({ metric: plantedMetric, seed: 3, promptModel: plantedProposer() });
      const found = await strategy.compile(plantedProgram(), {
        train: rows,
        val,
        journal,
        budget: { rollouts: 250 },
      });
      for (const text of shownTo(found)) expect(text.length).toBeLessThan(100);
      const refusals = (await readFile(journal, "utf8"))
        .split("\n")
        .filter((line) => line.includes("a demo has more than 4000 tokens"));
      expect(new Set(refusals).size).toBe(refusals.length);
      expect(found.ranking.length).toBeGreaterThan(0);
    },
  );

  test.each(["LabeledFewShot", "BootstrapFewShot", "RandomSearch", "KNNFewShot", "MIPROv2"])(
    "%s says in the journal what it refused, and shows other rows",
    async (name) => {
      const journal = join(await mkdtemp(join(tmpdir(), "lmframe-demos-")), "study.jsonl");
      const strategy = everyStrategy[name]!({
        metric: plantedMetric,
        promptModel: plantedProposer(),
      });
      const found = await strategy.compile(plantedProgram(), {
        train: rows,
        val,
        journal,
      });
      expect(await readFile(journal, "utf8")).toContain("a demo has more than 4000 tokens");
      expect(shownTo(found).length).toBeGreaterThan(0);
    },
  );

  test("can be set", async () => {
    const lm = new FunctionModel((request) => plantedReply(request));
    const shown = async (maxDemoTokens: number) => {
      const strategy = everyStrategy.LabeledFewShot!({
        metric: plantedMetric,
        promptModel: lm,
        maxDemoTokens,
      });
      const { candidates } = await strategy.compile(plantedProgram(), {
        train: rows,
        val,
      });
      return candidates.flatMap(({ edits }) => edits.self?.demos ?? []).length;
    };
    expect(await shown(10)).toBe(0);
    expect(await shown(100_000)).toBe(16);
  });

  test("images are no text", () => {
    const program = new Predict("photo: Image -> label: str") as unknown as Module;
    const train = Dataset.from([{ photo: "data:image/png;base64,AAAA", label: "cat" }]);
    const study = bareStudy(program, train, exactMatch("label"), { maxDemoTokens: 100 });
    const demo = { photo: `data:image/png;base64,${"iVBO".repeat(2000)}`, label: "cat" };
    expect(cappedDemos(study, "self", [demo])).toEqual([demo]);
    expect(cappedDemos(study, "self", [{ ...demo, label: "cat ".repeat(200) }])).toEqual([]);
  });
});
