import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError, random, UnreachableError } from "../../src/core/index.ts";
import type { Dataset } from "../../src/data/index.ts";
import { evaluate } from "../../src/evaluate/index.ts";
import { currentLM } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Calibration, loadProgram, Module, Predict } from "../../src/modules/index.ts";
import { Best, Calibrate, Probe } from "../../src/optimizers/index.ts";
import { fitProbe, probed } from "../../src/optimizers/probe-fit.ts";
import type { Embedder } from "../../src/retrieval/index.ts";
import { signature } from "../../src/signature/index.ts";
import { biasedModel, biasedRows, labels } from "./biased-model.ts";
import { wordsEmbedder } from "./words-embedder.ts";

const metric = exactMatch("label");
const words: Readonly<Record<string, string>> = { hot: "desert", cold: "glacier", mild: "meadow" };
const known = [biasedRows(120, 1), biasedRows(60, 2), biasedRows(200, 3)];

/** Rows with a word more, which tells the label in four of five; the model does not know what it means. */
function worded(rows: Dataset<{ text: string; label: string }>): Dataset<{ text: string; label: string }> {
  const draw = random(5);
  return rows.withColumns({
    text: rows.rows().map(({ text, label }) => {
      const told = draw.next() < 0.8 ? label : labels[draw.integer(3)]!;
      return `${text} ${words[told]!}`;
    }),
  });
}

const [train, val, unseen] = known.map(worded) as [
  Dataset<{ text: string; label: string }>,
  Dataset<{ text: string; label: string }>,
  Dataset<{ text: string; label: string }>,
];
const program = () => new Predict("text -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");
const useModel = (options?: Parameters<typeof biasedModel>[1]) => currentLM.set(biasedModel(known, options));

/** A program whose last step is given what the rows do not hold. */
class TwoSteps extends Module {
  static override signature = signature("text -> label");
  say = new Predict("text, hint -> label: Literal['hot', 'cold', 'mild']", "Say how it is.");
  async forward({ text }: { text: string }) {
    return this.say.call({ text, hint: text.split(" ").at(-1)! });
  }
}

afterEach(() => {
  currentLM.set(undefined);
  vi.restoreAllMocks();
});

describe("a probe beside the model", () => {
  test("answers rows not seen better than the model's weights alone, and the figure it is chosen by holds", async () => {
    useModel();
    const alone = await new Calibrate({ metric }).compile(program(), { train, val });
    const joined = await new Calibrate({ metric, embedder: wordsEmbedder }).compile(program(), {
      train,
      val,
    });
    const [before, after] = [
      await evaluate(alone.program, unseen, metric),
      await evaluate(joined.program, unseen, metric),
    ];
    expect(Object.keys(joined.program.extensions)).toEqual(["calibration", "probe"]);
    expect(joined.used.task.rollouts).toBe(alone.used.task.rollouts);
    expect(after.score).toBeGreaterThan(before.score + 0.03);
    expect(after.macroF1!).toBeGreaterThan(before.macroF1! + 0.05);
    expect(joined.after).toBeLessThan(after.score + 0.06);
  });

  test("a step before makes what the rows do not hold: no probe", async () => {
    useModel();
    const tuned = await new Calibrate({ metric, embedder: wordsEmbedder }).compile(new TwoSteps(), {
      train,
      val,
    });
    expect(tuned.kept).toBe(false);
    expect(Object.keys(tuned.program.say.extensions)).toEqual(["calibration"]);
  });

  test("is left out where the embedding tells nothing, or there is none", async () => {
    useModel();
    // No word of these texts has five letters but one that all have.
    const [silent, chosen] = [known[0]!, known[1]!];
    const journal = join(await mkdtemp(join(tmpdir(), "lmframe-probe-")), "study.jsonl");
    const missing: Embedder = { ...wordsEmbedder, embed: () => Promise.reject(new Error("no vectors here")) };
    const same = await new Calibrate({ metric, embedder: wordsEmbedder }).compile(program(), {
      train: silent,
      val: chosen,
    });
    const without = await new Calibrate({ metric, embedder: missing }).compile(program(), {
      train,
      val,
      journal,
    });
    const plain = await new Calibrate({ metric }).compile(program(), { train, val });
    expect(Object.keys(same.program.extensions)).toEqual(["calibration"]);
    expect(without.program.extensions).toEqual(plain.program.extensions);
    expect(await readFile(journal, "utf8")).toContain("no vectors here");
  });

  test("is fitted anew, not upon itself, when a program that has one is calibrated again", async () => {
    useModel();
    const once = await new Calibrate({ metric, embedder: wordsEmbedder }).compile(program(), { train, val });
    const { extensions } = once.program;
    const again = await new Calibrate({ metric, embedder: wordsEmbedder, objective: () => 0 }).compile(
      once.program,
      { train, val },
    );
    const plain = again.ranking.find(({ candidate }) => candidate.origin === "label weights")!;
    expect(Object.keys(plain.candidate.edits.self!.extensions!)).toEqual(["calibration"]);
    expect(again.program.extensions).toEqual(extensions);
  });

  test("comes with the strategy best", async () => {
    useModel();
    const found = await new Best({ metric, embedder: wordsEmbedder }).compile(program(), {
      train,
      val,
      budget: { rollouts: 700, reflection: { calls: 0 } },
    });
    expect(found.program.extensions.probe).toBeInstanceOf(Probe);
  });
});

describe("a saved probe", () => {
  const state = {
    embedder: wordsEmbedder.identity,
    labels,
    directions: labels.map((_, label) => Array.from({ length: 64 }, (__, at) => (at % 3 === label ? 3 : 0))),
    offsets: [0, 0.5, 0],
    means: [0, 9, 0],
  };
  const extensions = {
    calibration: Calibration.plain(labels),
    probe: new Probe(state, wordsEmbedder),
  };

  test("answers as it did, by the reader of its embedder; another one is refused", async () => {
    useModel();
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const path = join(await mkdtemp(join(tmpdir(), "lmframe-probe-")), "program.json");
    const given = program().edited({ extensions });
    await given.save(path);
    const loaded = await loadProgram(path, { probe: Probe.reader(wordsEmbedder) });
    const asked = unseen.rows().slice(0, 60);
    const answers = async (tried: { call: Predict["call"] }) =>
      Promise.all(asked.map(async ({ text }) => (await tried.call({ text })) as unknown));
    const found = await answers(loaded as Predict);
    expect(found).toEqual(await answers(given as never));
    expect(found).not.toEqual(await answers(program() as never));
    await expect(loadProgram(path)).rejects.toThrow("words of five letters and more");
    expect(await readFile(path, "utf8")).not.toContain("reading");
  });

  test("what is no probe is refused", () => {
    const read = Probe.reader(wordsEmbedder);
    expect(() => read(state, 2)).toThrow("version 2, expected one of version 1");
    expect(() => read({ ...state, directions: 3 }, 1)).toThrow("with embedder, labels, directions");
    expect(() => read({ ...state, offsets: [0, 1] }, 1)).toThrow("an offset and a mean; all finite numbers");
    expect(() => read({ ...state, directions: [[1], [2], ["x"]] }, 1)).toThrow("all finite numbers");
  });

  test("holds to its means where the embedder is not installed, and says so once; an outage is one", async () => {
    useModel();
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const failing = (error: Error): Embedder => ({ ...wordsEmbedder, embed: () => Promise.reject(error) });
    const { text } = unseen.rows()[0]!;
    const call = (embedder: Embedder) =>
      program()
        .edited({ extensions: { ...extensions, probe: new Probe(state, embedder) } })
        .call({ text });
    const missing = failing(new ConfigurationError("not installed"));
    expect(await call(missing)).toEqual({ label: "cold" });
    await call(missing);
    expect(warn.mock.calls.map(([said]) => String(said))).toEqual([
      `a probe answers without the embedder "words", by the model's weights alone: not installed`,
    ]);
    await expect(call(failing(new UnreachableError("no vectors now")))).rejects.toThrow("no vectors now");
  });

  test("changes nothing where the endpoint tells no log-probabilities", async () => {
    useModel({ logprobs: false });
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { text } = unseen.rows()[0]!;
    expect(await program().edited({ extensions }).call({ text })).toEqual(await program().call({ text }));
  });
});

describe("the fit of a probe", () => {
  const draw = random(3);
  const vectorOf = (expected: number, strength: number) => {
    const raw = Float32Array.from(
      { length: 12 },
      (_, at) => draw.next() - 0.5 + (at === expected ? strength : 0),
    );
    const length = Math.hypot(...raw);
    return raw.map((value) => value / length);
  };
  const rows = Array.from({ length: 60 }, (_, index) => ({
    vector: vectorOf(index % 3, 0.8),
    expected: index % 3,
  }));
  const likeliest = (logOdds: readonly number[]) => logOdds.indexOf(Math.max(...logOdds));

  test("what it tells of a vector left out is what a fit to the others says", async () => {
    const { leftOut, penalty } = await fitProbe(rows, 3);
    const found = await Promise.all(
      rows.slice(0, 8).map(async ({ vector }, index) => {
        const others = await fitProbe(rows.toSpliced(index, 1), 3);
        return others.penalty === penalty ? { told: leftOut[index]!, said: probed(others, vector) } : [];
      }),
    );
    const same = found.flat();
    expect(same.length).toBeGreaterThan(3);
    for (const { told, said } of same) {
      expect(told).toEqual(said.map((value) => expect.closeTo(value, 1) as number));
    }
  });

  test("tells new vectors apart; of vectors that tell nothing it says little", async () => {
    const probe = await fitProbe(rows, 3);
    const unknown = Array.from({ length: 150 }, (_, index) => ({
      vector: vectorOf(index % 3, 0.8),
      label: index % 3,
    }));
    const right = unknown.filter(({ vector, label }) => likeliest(probed(probe, vector)) === label);
    expect(right.length).toBeGreaterThan(120);
    const noise = rows.map(({ expected }) => ({ vector: vectorOf(0, 0), expected }));
    const silent = await fitProbe(noise, 3);
    expect(silent.penalty).toBeGreaterThan(probe.penalty);
    const spread = (one: typeof probe) =>
      Math.max(...one.directions.flat()) - Math.min(...one.directions.flat());
    expect(spread(silent)).toBeLessThan(spread(probe) / 3);
  });
});
