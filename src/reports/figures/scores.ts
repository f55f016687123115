import type { Evaluation, RowResult } from "../../evaluate/index.ts";
import { categoriesDown, Chart, layout, quantity, versions, type Version } from "../chart.ts";
import { count } from "../words.ts";
import { histogram } from "./histogram.ts";

/** How the scores of the rows are spread; where rows are only right or wrong, how many ended in which way. */
export function scoreChart(after: Evaluation, before?: Evaluation): Chart {
  const drawn = versions(after, before);
  if (drawn.every(({ evaluation }) => isRightOrWrong(evaluation))) return outcomes(drawn);
  const full = scores(after).filter((score) => score >= 1).length;
  return histogram(drawn, {
    title: "Scores of the rows",
    unit: "score",
    values: scores,
    alternative: `${count(full, "row")} of ${after.rows.length.toLocaleString("en")} scored 1 or more.`,
  });
}

function scores(evaluation: Evaluation): number[] {
  return Array.from(evaluation.rows, (row) => row.score);
}

function isRightOrWrong(evaluation: Evaluation): boolean {
  for (const { score } of evaluation.rows)
    if (!Number.isNaN(score) && score !== 0 && score !== 1) return false;
  return true;
}

const ways = ["right", "wrong", "unreadable", "failed", "outage"] as const;

function wayOf({ status, score }: RowResult): (typeof ways)[number] {
  return status === "scored" ? (score === 1 ? "right" : "wrong") : status;
}

function outcomes(drawn: readonly Version[]): Chart {
  const counted = drawn.map((version) => {
    const counts = { right: 0, wrong: 0, unreadable: 0, failed: 0, outage: 0 };
    for (const row of version.evaluation.rows) counts[wayOf(row)]++;
    return { ...version, counts };
  });
  const shown = ways.filter((way) => counted.some(({ counts }) => counts[way] > 0));
  return new Chart(
    "How the rows ended",
    {
      data: counted.map(({ name, color, counts }) => ({
        type: "bar",
        orientation: "h",
        name,
        x: shown.map((way) => counts[way]),
        y: shown.map((_, index) => index),
        text: shown.map((way) => String(counts[way])),
        textposition: "outside",
        cliponaxis: false,
        customdata: shown,
        hovertemplate: `%{customdata}: %{x} rows<extra>${name}</extra>`,
        marker: { color },
      })),
      layout: {
        ...layout(Math.max(180, 72 + shown.length * (drawn.length * 20 + 16)), drawn.length > 1, {
          xaxis: quantity("rows", { rangemode: "tozero", nticks: 5 }),
          yaxis: categoriesDown(shown),
        }),
        barmode: "group",
        bargap: 0.35,
      },
    },
    `${shown.map((way) => `${way} ${counted.map(({ counts }) => counts[way]).join(" → ")}`).join(", ")}.`,
  );
}
