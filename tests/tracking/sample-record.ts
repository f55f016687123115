import type { RunRecord } from "../../src/core/index.ts";

/** A record that has something of everything. */
export const sampleRecord: RunRecord = {
  name: "evaluation of Classify",
  tags: { "lmframe.kind": "evaluation", note: "first" },
  params: { model: "test-model", rows: 3, cached: false },
  metrics: {
    accuracy: 0.75,
    unreadable: NaN,
    best: [
      { value: 0.25, step: 0, timestamp: 1_700_000_000_000 },
      { value: 0.5, step: 1, timestamp: 1_700_000_001_000 },
      { value: 0.5, step: 2, timestamp: 1_700_000_001_000 },
    ],
  },
  datasets: [
    {
      name: "feedback",
      digest: "0f".repeat(32),
      context: "test",
      rows: 3,
      columns: [
        { name: "text", type: "Utf8" },
        { name: "score", type: "Float64" },
      ],
      source: "datasets/feedback.csv",
    },
  ],
  tables: {
    rows: [
      { text: "Lost my bag <b>again</b>", score: 1 },
      { text: "Größe – 日本", score: null, error: "unreadable" },
    ],
  },
  files: { "program.json": '{"instructions":"Classify."}', "reports/page.html": "<h1>Report</h1>" },
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_002_500,
  children: [
    { name: "round 1", metrics: { score: 0.25 }, params: { demos: 2 }, startedAt: 1, endedAt: 2 },
    { name: "round 2", metrics: { score: 0.5 }, status: "FAILED", startedAt: 1, endedAt: 2 },
  ],
};
