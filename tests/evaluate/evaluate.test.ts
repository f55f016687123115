import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ConfigurationError,
  DataError,
  display,
  type ProgressState,
  showProgress,
  UnreachableError,
} from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { type Evaluation, evaluate, type RowResult, wilson } from "../../src/evaluate/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { exactMatch, noAnswer } from "../../src/metrics/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lmframe-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Reply = string | Error;

/** A classifier that answers each text by a rule, by way of a model. */
function classifier(rule: (text: string) => Reply) {
  const asked: string[] = [];
  const lm = new FunctionModel(async (request) => {
    const text = /text: (\w+)(?!.*text: )/.exec(JSON.stringify(request.messages))![1]!;
    asked.push(text);
    await new Promise((resolve) => setImmediate(resolve));
    const reply = rule(text);
    if (reply instanceof Error) throw reply;
    return {
      choices: [{ text: JSON.stringify({ label: reply }), toolCalls: [], finishReason: "stop" }],
      usage: { inputTokens: 10, outputTokens: 2, cachedTokens: 0, reasoningTokens: 0 },
      cost: 0.5,
    };
  });
  return { program: new Predict("text -> label: Literal['a', 'b', 'c']", { lm }), asked };
}

const rows = (labels: string) =>
  [...labels].map((label, index) => ({ text: `t${index}`, label, channel: index % 2 ? "mail" : "chat" }));
const metric = exactMatch("label");
const statuses = (evaluation: Evaluation) => [...evaluation.rows].map(({ status }) => status);

describe("evaluate", () => {
  test("scores every row and adds up what it took", async () => {
    const { program } = classifier((text) => (text === "t3" ? "b" : "a"));
    const evaluation = await evaluate(program, rows("aaaab"), metric, { concurrency: 2 });
    expect(evaluation.score).toBe(0.6);
    expect(evaluation.estimate).toEqual({ mean: 0.6, interval: wilson(3, 5) });
    expect(evaluation.used).toEqual({ calls: 5, inputTokens: 50, outputTokens: 10, cost: 2.5 });
    const [first, , , fourth] = evaluation.rows;
    expect(first).toMatchObject({
      index: 0,
      row: rows("a")[0],
      outputs: { label: "a" },
      score: 1,
      status: "scored",
    });
    expect(first!.trace).toMatchObject([
      { predictor: "self", inputs: { text: "t0" }, outputs: { label: "a" } },
    ]);
    expect(fourth).toMatchObject({ index: 3, score: 0, feedback: 'expected "a", got "b"' });
    expect(evaluation.stopped).toBeUndefined();
  });

  test("a metric may be any function, and looks at the calls", async () => {
    const { program } = classifier(() => "a");
    const seen: unknown[] = [];
    const evaluation = await evaluate(program, rows("aa"), async (row, outputs, { trace }) => {
      seen.push([row.channel, outputs.label, trace.map(({ kind }) => kind)]);
      return { score: 0.25, feedback: "so so" };
    });
    expect(evaluation.score).toBe(0.25);
    expect(seen).toEqual([
      ["chat", "a", ["model", "module"]],
      ["mail", "a", ["model", "module"]],
    ]);
    expect([...evaluation.rows][0]!.feedback).toBe("so so");
  });

  test("outages stay out of the score; unreadable replies and failures score 0", async () => {
    const { program } = classifier((text) =>
      text === "t1"
        ? new UnreachableError("down")
        : text === "t2"
          ? "maybe"
          : text === "t3"
            ? new TypeError("bug")
            : "a",
    );
    const evaluation = await evaluate(program, rows("aaaaa"), metric);
    expect(statuses(evaluation)).toEqual(["scored", "outage", "unreadable", "failed", "scored"]);
    expect(evaluation.score).toBe(0.5);
    expect([evaluation.unreadable, evaluation.failed, evaluation.outages, evaluation.errors]).toEqual([
      1, 1, 1, 2,
    ]);
    const [, outage, unreadable, failed] = evaluation.rows;
    expect(outage).toMatchObject({ score: NaN, error: { name: "UnreachableError", message: "down" } });
    expect(unreadable!.feedback).toBe(unreadable!.error!.message);
    expect(unreadable!.error!.name).toBe("ParseError");
    expect(failed!.error).toEqual({ name: "TypeError", message: "bug" });
    expect(evaluation.confusion!.count("a", noAnswer)).toBe(2);
    expect(evaluation.confusion!.accuracy()).toBe(0.5);
  });

  test("too many outages in a row stop it with what it has; outages apart do not", async () => {
    const down = classifier((text) => (Number(text.slice(1)) >= 5 ? new UnreachableError("down") : "a"));
    const evaluation = await evaluate(down.program, rows("a".repeat(200)), metric, {
      maxOutages: 3,
      concurrency: 2,
    });
    expect(evaluation.stopped).toBe("3 outages in a row, the last: down");
    expect([evaluation.rows.length, evaluation.score, evaluation.outages]).toEqual([8, 1, 3]);
    expect(down.asked.length).toBeLessThan(30);

    const shaky = classifier((text) => (Number(text.slice(1)) % 3 ? new UnreachableError("down") : "a"));
    const whole = await evaluate(shaky.program, rows("a".repeat(30)), metric, { maxOutages: 3 });
    expect([whole.stopped, whole.rows.length, whole.outages]).toEqual([undefined, 30, 20]);
  });

  test("a wrong setting stops it at once", async () => {
    const { program, asked } = classifier(() => new ConfigurationError("wrong key"));
    const evaluation = await evaluate(program, rows("a".repeat(100)), metric, { concurrency: 1 });
    expect(evaluation.stopped).toBe("an outage, the last: wrong key");
    expect(evaluation.score).toBeNaN();
    expect(asked.length).toBeLessThan(5);
  });

  test("an abort gives back what it has, whatever its reason", async () => {
    const abort = new AbortController();
    const lm = new FunctionModel(async (request, { signal }) => {
      if (JSON.stringify(request.messages).includes("text: t6")) {
        abort.abort(new Error("enough"));
        signal!.throwIfAborted();
      }
      return '{"label": "a"}';
    });
    const program = new Predict("text -> label", { lm });
    const evaluation = await evaluate(program, rows("a".repeat(50)), metric, {
      signal: abort.signal,
      concurrency: 1,
    });
    expect(evaluation.stopped).toBe("cancelled");
    expect(statuses(evaluation)).toEqual(Array(6).fill("scored"));
  });

  test("a fault in the metric is thrown, and so are columns that are not there", async () => {
    const { program, asked } = classifier(() => "a");
    const broken = () => {
      throw new RangeError("my mistake");
    };
    await expect(evaluate(program, rows("aa"), broken)).rejects.toThrow("my mistake");
    await expect(evaluate(program, rows("aa"), () => NaN)).rejects.toThrow("invalid score");
    asked.length = 0;
    const missing = evaluate(program, [{ txt: "x", label: "a" }], metric);
    await expect(missing).rejects.toThrow(DataError);
    await expect(missing).rejects.toThrow('did you mean "txt"?');
    expect(asked).toEqual([]);
  });

  test("progress tells the score so far", async () => {
    const states: ProgressState[] = [];
    const stop = showProgress((state) => states.push(state));
    await evaluate(classifier(() => "a").program, rows("ab"), metric, { name: "first try" });
    stop();
    expect(states.at(-1)).toMatchObject({
      label: "evaluate first try",
      total: 2,
      done: 2,
      ended: true,
      facts: { score: "0.500" },
    });
  });

  test("a scan is read as it goes", async () => {
    const path = join(folder, "rows.csv");
    await Dataset.from(rows("abc".repeat(20))).write(path);
    const { program } = classifier(() => "a");
    const evaluation = await evaluate(program, Dataset.scan(path), metric);
    expect(evaluation.rows.length).toBe(60);
    expect(evaluation.score).toBeCloseTo(1 / 3, 12);
    expect(evaluation.toRun().datasets).toMatchObject([{ name: "rows", rows: 60, source: path }]);
    const again = await evaluate(program, Dataset.scan(path), metric);
    expect(again.compare(evaluation).score.difference).toBe(0);
  });
});

test("fifty labels have a confusion matrix, an unreadable reply among them or not", async () => {
  const labels = Array.from({ length: 50 }, (_, index) => `label${index}`);
  const lm = new FunctionModel((request) => {
    const label = /text: (\w+)(?!.*text: )/.exec(JSON.stringify(request.messages))![1]!;
    return label === "label7" ? "nothing of the kind" : JSON.stringify({ label });
  });
  const program = new Predict("text -> label", { lm });
  const rows = labels.map((label) => ({ text: label, label }));
  const evaluation = await evaluate(program, rows, metric);
  expect(evaluation.unreadable).toBe(1);
  expect(evaluation.confusion?.size).toBe(50);
});

test.skipIf(process.platform !== "linux")("rows on disk keep no file open", async () => {
  const opened = () =>
    readdirSync("/proc/self/fd").filter((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`).includes("lmframe-rows-");
      } catch {
        return false; // the one that lists them
      }
    }).length;
  const before = opened();
  const { program } = classifier(() => "a");
  const many = Array.from({ length: 10_001 }, (_, index) => ({ text: `t${index}`, label: "a" }));
  const evaluation = await evaluate(program, many, metric, { concurrency: 64 });
  expect(evaluation.rows.length).toBe(10_001);
  expect(opened()).toBe(before);
});

describe("stages", () => {
  class Two extends Module {
    static override signature = new Predict("text -> label").signature;
    first = new Predict("text -> topic");
    second = new Predict("topic -> label");
    async forward({ text }: { text: string }) {
      const { topic } = await this.first.call({ text });
      return this.second.call({ topic });
    }
  }
  const lm = new FunctionModel((request) =>
    JSON.stringify(request.messages).includes("label") ? '{"label": "a"}' : '{"topic": "x"}',
  );

  test("are scored by their predictors' outputs", async () => {
    const data = [
      { text: "t", topic: "x", label: "b" },
      { text: "t", topic: "y", label: "a" },
    ];
    const evaluation = await evaluate(new Two(), data, metric, {
      lm,
      stages: { first: exactMatch("topic"), second: exactMatch("label") },
    });
    expect(Object.entries(evaluation.stages).map(([path, { mean }]) => [path, mean])).toEqual([
      ["first", 0.5],
      ["second", 0.5],
    ]);
    expect([...evaluation.rows].map(({ stages }) => stages)).toEqual([
      { first: 1, second: 0 },
      { first: 0, second: 1 },
    ]);
    expect(evaluation.toRun().metrics).toMatchObject({ "stage/first": 0.5 });
  });

  test("a judge that cannot be reached costs the row, not what else there is", async () => {
    const judge = (row: { text: string }) => {
      if (row.text === "away") throw new UnreachableError("the judge is down");
      return 1;
    };
    const data = ["here", "away", "here"].map((text) => ({ text, label: "a" }));
    const evaluation = await evaluate(new Two(), data, metric, { lm, stages: { first: judge } });
    expect(statuses(evaluation)).toEqual(["scored", "outage", "scored"]);
    expect([evaluation.score, evaluation.rows.length]).toEqual([1, 3]);
  });

  test("a path that is not there is refused", async () => {
    await expect(evaluate(new Two(), rows("a"), metric, { lm, stages: { third: metric } })).rejects.toThrow(
      'no predictor "third"',
    );
  });
});

describe("Evaluation", () => {
  const run = (answers: string, labels: string) =>
    evaluate(classifier((text) => answers[Number(text.slice(1))]!).program, rows(labels), metric);

  test("confusion and macro F1, by hand", async () => {
    const evaluation = await run("aababc", "aaabbc");
    expect(evaluation.confusion!.count("a", "b")).toBe(1);
    // a: P 2/3, R 2/3; b: P 1/2, R 1/2; c: 1.
    expect(evaluation.macroF1).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12);
  });

  test("what the metric took for right is right in the matrix too; free text has none", async () => {
    const lm = new FunctionModel(
      (request) => `{"label": "The ${/text: (t\d+)/.exec(JSON.stringify(request))![1]!}!"}`,
    );
    const program = new Predict("text -> label", { lm });
    const same = await evaluate(program, [{ text: "t1", label: "t1" }], metric);
    expect(same.confusion!.count("t1", "t1")).toBe(1);
    const many = await evaluate(
      program,
      Array.from({ length: 60 }, (_, index) => ({ text: `t${index}`, label: `t${index}` })),
      metric,
    );
    expect(many.score).toBe(1);
    expect(many.confusion).toBeUndefined();
    expect(many.macroF1).toBeUndefined();
  });

  test("slices by a column", async () => {
    const evaluation = await run("aaabab", "aaaaab");
    expect(evaluation.slices("channel")).toMatchObject([
      { value: "chat", rows: 3, mean: 1 },
      { value: "mail", rows: 3, mean: 2 / 3, interval: wilson(2, 3) },
    ]);
    expect(() => evaluation.slices("chanel")).toThrow('no column "chanel"');
  });

  test("compares row by row: what flipped, how much, and whether it is chance", async () => {
    const labels = "a".repeat(30);
    const before = await run(`${"b".repeat(14)}${"a".repeat(16)}`, labels);
    const after = await run(`${"a".repeat(28)}bb`, labels);
    const comparison = after.compare(before);
    expect(comparison.rows).toBe(30);
    expect(comparison.score).toMatchObject({ before: 16 / 30, after: 28 / 30 });
    expect(comparison.score.difference).toBeCloseTo(12 / 30, 12);
    expect(comparison.better.rows.map(({ after: { index } }) => index)).toEqual(
      Array.from({ length: 14 }, (_, n) => n),
    );
    expect(comparison.worse.rows.map(({ before: { index } }) => index)).toEqual([28, 29]);
    // 14 better, 2 worse: 2 · (1 + 16 + 120) / 2¹⁶.
    expect(comparison.score.probability).toBeCloseTo((2 * 137) / 65536, 12);
    expect(comparison.score.interval[0]).toBeGreaterThan(0);
    expect(comparison.verdict).toMatch(
      /^Really better: 0\.533 → 0\.933 \(\+0\.400, .*30 rows\), p = 0\.0042\.$/,
    );
    expect(comparison.macroF1!.after).toBeCloseTo(after.macroF1!, 12);
    expect(comparison.macroF1!.before).toBeCloseTo(before.macroF1!, 12);
  });

  test("a gain within chance is called that, and no difference as well", async () => {
    const labels = "a".repeat(30);
    const before = await run(`b${"a".repeat(29)}`, labels);
    const after = await run("a".repeat(30), labels);
    expect(after.compare(before).verdict).toMatch(
      /^Within chance, though better on these rows: .*p = 1\.0\.$/,
    );
    const same = after.compare(after);
    expect(same.verdict).toMatch(/^No difference: /);
    const [low, high] = same.score.interval;
    expect([low, high]).toEqual([-high, high]);
    expect(high).toBeGreaterThan(0);
  });

  test("a row without an answer on either side is left out of both", async () => {
    const labels = "aaaa";
    const whole = await run("aaab", labels);
    const broken = await evaluate(
      classifier((text) => (text === "t3" ? new UnreachableError("down") : "a")).program,
      rows(labels),
      metric,
    );
    const comparison = broken.compare(whole);
    expect([comparison.rows, comparison.score.before, comparison.score.after]).toEqual([3, 1, 1]);
  });

  test("different rows and different metrics are refused", async () => {
    const one = await run("aa", "aa");
    expect(() => one.compare(one)).not.toThrow();
    const other = await run("aa", "ab");
    expect(() => other.compare(one)).toThrow("different rows");
    const scored = await evaluate(classifier(() => "a").program, rows("aa"), () => 1);
    expect(() => scored.compare(one)).toThrow("different metrics");
  });

  test("a run for the tracking server holds finite figures only", async () => {
    const { program } = classifier(() => new UnreachableError("down"));
    const evaluation = await evaluate(program, rows("aa"), metric, { name: "down" });
    const { metrics, tables, status, params, name } = evaluation.toRun();
    expect(name).toBe("down");
    expect(Object.values(metrics!).every((value) => Number.isFinite(value))).toBe(true);
    expect(metrics).toMatchObject({ rows: 2, outages: 2 });
    expect("score" in metrics!).toBe(false);
    expect(tables!.predictions).toMatchObject([
      { index: 0, text: "t0", score: null, status: "outage", error: "UnreachableError: down" },
      { index: 1 },
    ]);
    expect(JSON.parse(JSON.stringify(tables))).toEqual(tables);
    expect(status).toBe("FINISHED");
    expect(params).toMatchObject({ metric: "exact match of label", "self.demos": 0 });
  });

  test("shows itself with hostile text made harmless", async () => {
    const evil = `<script>alert(1)</script><img src=x onerror="alert(2)">`;
    const lm = new FunctionModel(() => JSON.stringify({ label: evil }));
    const evaluation = await evaluate(
      new Predict("text -> label", { lm }),
      [{ text: evil, label: `${evil}!b`, [evil]: evil }],
      metric,
      { name: evil },
    );
    const bundle = evaluation[display]();
    const html = bundle["text/html"] as string;
    expect(html).not.toMatch(/<script|<img|onerror="/i);
    expect(html).toContain("&#60;script&#62;");
    expect(bundle["text/plain"]).toContain("exact match of label");
  });
});

describe("rows beyond memory", () => {
  test("are read back from disk as they were", async () => {
    const count = 10_500;
    const data = Array.from({ length: count }, (_, index) => ({
      text: `t${index}`,
      label: index % 3 ? "a" : "b",
    }));
    class Rule extends Module {
      static override signature = new Predict("text -> label").signature;
      async forward({ text }: { text: string }) {
        if (text === "t7") throw new UnreachableError("down");
        return { label: "a" };
      }
    }
    const evaluation = await evaluate(new Rule(), data, metric);
    expect(evaluation.rows.length).toBe(count);
    let index = 0;
    const wrong: RowResult[] = [];
    for (const result of evaluation.rows) {
      const { row, score, status } = result;
      const expected = index === 7 ? NaN : index % 3 ? 1 : 0;
      const right =
        result.index === index &&
        row.text === `t${index}` &&
        Object.is(score, expected) &&
        status === (index === 7 ? "outage" : "scored");
      if (!right) wrong.push(result);
      index++;
    }
    expect(index).toBe(count);
    expect(wrong).toEqual([]);
    const small = await evaluate(new Rule(), data.slice(0, 50), metric);
    const plain = ({ seconds: _, ...rest }: RowResult) => JSON.parse(JSON.stringify(rest)) as unknown;
    const head: unknown[] = [];
    for (const result of evaluation.rows) {
      head.push(plain(result));
      if (head.length === 50) break;
    }
    expect(head).toEqual([...small.rows].map(plain));
    const again = evaluation.compare(evaluation);
    expect(again.rows).toBe(count - 1);
  });
});
