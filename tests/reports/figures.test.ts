import { expect, test } from "vitest";
import { display } from "../../src/core/index.ts";
import { Evaluation, type RowResult } from "../../src/evaluate/index.ts";
import { Predict } from "../../src/modules/index.ts";
import {
  confusionChart,
  estimateChart,
  latencyChart,
  perClassChart,
  costScoreChart,
  reliabilityChart,
  scoreChart,
  sliceChart,
} from "../../src/reports/index.ts";

interface Trace {
  name?: string;
  x: number[];
  y: number[];
  text: string[];
  base: number[];
}

/** An evaluation of rows as they are given. */
function evaluation(rows: readonly Partial<RowResult>[], field?: string): Evaluation {
  const made = new Evaluation({
    name: "sample",
    program: new Predict("text -> label"),
    metric: "exact match",
    field,
    dataset: {
      name: "rows",
      digest: "0",
      context: "test",
      rows: rows.length,
      columns: [],
      source: undefined,
    },
  });
  rows.forEach((row, index) =>
    made.add({
      status: "scored",
      outputs: {},
      score: 1,
      feedback: undefined,
      error: undefined,
      seconds: 0.1,
      calls: 1,
      inputTokens: 0,
      outputTokens: 0,
      cost: 0,
      trace: [],
      index,
      row: {},
      stages: {},
      ...row,
    }),
  );
  made.end();
  return made;
}

const traces = (chart: { figure: { data: readonly object[] } } | undefined) => chart!.figure.data as Trace[];

const labelled = (pairs: readonly (readonly [string, string])[]) =>
  evaluation(
    pairs.map(([expected, predicted]) => ({
      row: { label: expected },
      outputs: { label: predicted },
      score: expected === predicted ? 1 : 0,
    })),
    "label",
  );

test("a confusion matrix has a cell for each pair, at its place", () => {
  const chart = confusionChart(labelled([["a", "a"], ["a", "b"], ["a", "b"], ["b", "b"]])); // prettier-ignore
  const [cells] = traces(chart);
  expect(cells!.text).toEqual(["1", "2", "0", "1"]);
  expect(cells!.x).toEqual([0, 1, 0, 1]);
  expect(chart!.alternative).toBe("Most often confused: “a” taken for “b”, 2 rows.");
  expect(confusionChart(evaluation([{}]))).toBeUndefined();
});

test("labels that are alike when cut short stay apart", () => {
  const long = "a label that goes on and on, and ends in ";
  const chart = perClassChart(labelled([[`${long}one`, `${long}one`], [`${long}two`, `${long}one`]])); // prettier-ignore
  expect(traces(chart)[0]!.y).toEqual([0, 1]);
  expect(traces(chart)[0]!.x).toEqual([expect.closeTo(2 / 3), 0]);
});

test("confidence stands against accuracy where labels are weighed, and is left away where they are not", () => {
  const sure = (confidence: number, right: boolean): Partial<RowResult> => {
    const outputs = { label: "yes" };
    const probabilities = { yes: confidence, no: 1 - confidence };
    const call = { predictor: "self", inputs: {}, outputs, seconds: 0.1, probabilities };
    return { row: { label: right ? "yes" : "no" }, outputs, score: right ? 1 : 0, trace: [call] };
  };
  const after = evaluation([sure(0.9, true), sure(0.9, false), { outputs: { label: "no" } }, { status: "outage" }], "label"); // prettier-ignore
  const before = evaluation([sure(0.8, true)], "label");
  const chart = reliabilityChart(after, before);
  const [, was, is] = traces(chart);
  expect([was!.x, was!.y]).toEqual([[0.8], [1]]);
  expect([is!.x, is!.y]).toEqual([[0.9], [0.5]]);
  expect(chart!.alternative).toContain("Calibration error 0.200 before, calibration error 0.400 after.");
  expect(traces(reliabilityChart(after, evaluation([{}], "label")))).toHaveLength(2);
  expect(reliabilityChart(evaluation([{ outputs: { label: "no" } }], "label"), before)).toBeUndefined();
});

test("rows that are right or wrong are counted by how they ended", () => {
  const chart = scoreChart(
    evaluation([{ score: 1 }, { score: 1 }, { score: 0 }, { score: 0, status: "unreadable" }, { score: NaN, status: "outage" }]), // prettier-ignore
  );
  expect(traces(chart)[0]!.x).toEqual([2, 1, 1, 1]);
  expect(chart.alternative).toBe("right 2, wrong 1, unreadable 1, outage 1.");
});

test("graded scores are a histogram of every row with a score, in bins both evaluations share", () => {
  const after = evaluation([{ score: 0.5 }, { score: 1 }, { score: NaN, status: "outage" }]);
  const before = evaluation([{ score: -1 }, { score: 0.5 }, { score: 2 }]);
  const [was, is] = traces(scoreChart(after, before));
  expect(is!.x).toEqual(was!.x);
  expect(was!.x[0]).toBe(-1);
  expect(was!.x.at(-1)).toBe(2);
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  expect([sum(was!.y), sum(is!.y)]).toEqual([3, 2]);
});

test("one row that hung does not squeeze the others into one bin", () => {
  const rows = Array.from({ length: 200 }, (_, index) => ({ seconds: index === 7 ? 600 : index / 100 }));
  const chart = latencyChart(evaluation(rows));
  expect(traces(chart)[0]!.x.at(-1)).toBeLessThan(3);
  expect(traces(chart)[0]!.y.reduce((a, b) => a + b, 0)).toBe(200);
  expect(chart.alternative).toContain("slowest of all 10 min");
});

test("slices stand in the order of their rows, before beside after", () => {
  const kinds = ["mail", "mail", "mail", "chat"];
  const of = (scores: readonly number[]) =>
    evaluation(kinds.map((kind, index) => ({ row: { kind }, score: scores[index]! })));
  const [was, is] = traces(sliceChart("kind", of([1, 1, 0, 0]), of([0, 0, 0, 1])));
  expect(is!.x).toEqual([expect.closeTo(2 / 3), 0]);
  expect(was!.x).toEqual([0, 1]);
  expect(() => sliceChart("knd", of([1, 1, 1, 1]))).toThrow(/no column "knd"/);
});

test("the score's interval is told in words, and nothing is drawn twice where nothing changed", () => {
  const same = evaluation([{ score: 1 }, { score: 0 }]);
  expect(traces(estimateChart(same, same))).toHaveLength(1);
  expect(estimateChart(same).alternative).toBe("0.500 (0.095 to 0.905).");
});

test("a chart shows itself in a cell, with its words", () => {
  const shown = estimateChart(evaluation([{ score: 1 }]))[display]();
  expect(shown["text/plain"]).toContain("Score with its 95 % interval");
  expect(shown["text/html"]).toContain("Plotly");
});

test("an evaluation without rows has charts too", () => {
  const empty = evaluation([], "label");
  for (const chart of [estimateChart(empty), scoreChart(empty), latencyChart(empty)]) {
    expect(JSON.stringify(chart.figure)).not.toContain("NaN");
  }
});

test("what costs more and reaches no more is off the line of the best", () => {
  const chart = costScoreChart([
    { name: "dear", cost: 900, score: 0.7 },
    { name: "cheap", cost: 10, score: 0.6 },
    { name: "none", cost: 0, score: 0.5 },
    { name: "waste", cost: 50, score: 0.6 },
    { name: "<b>best</b>", cost: 100, score: 0.8 },
  ]);
  const [line, tried] = traces(chart);
  expect([line!.x, line!.y]).toEqual([
    [0, 10, 100],
    [0.5, 0.6, 0.8],
  ]);
  expect(tried!.x).toEqual([900, 10, 0, 50, 100]);
  expect(tried!.text.at(-1)).toBe("&#60;b&#62;best&#60;/b&#62;");
  expect(chart.alternative).toBe(
    "None better for less: none 0.500 for 0, cheap 0.600 for 10, <b>best</b> 0.800 for 100.",
  );
});
