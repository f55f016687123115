import type { Evaluation } from "../../evaluate/index.ts";
import { categories, categoriesDown, Chart, label, layout } from "../chart.ts";
import { clip, count } from "../words.ts";

/** Labels beyond which the cells are too small for their numbers; hovering still tells them. */
const mostNumbered = 15;
/** Of a cell, so that a gap is left between two. */
const side = 0.95;

/**
 * Expected labels (rows) against predicted ones (columns). Shade is the share of the expected label's rows, the
 * number their count. Undefined where the metric compares no field of few values.
 *
 * @param when what to add to the title, as "before".
 */
export function confusionChart(evaluation: Evaluation, when?: string): Chart | undefined {
  const { confusion } = evaluation;
  if (!confusion) return undefined;
  const predicted = confusion.labels;
  const classes = confusion.classes();
  const expected = classes.map((one) => one.label);
  // plotly's basic bundle has no heatmap: each cell is a bar of its own.
  const cells = classes.flatMap(({ label: row, support }, y) =>
    predicted.map((column, x) => {
      const rows = confusion.count(row, column);
      return { x, y, row, column, rows, share: rows / support };
    }),
  );
  const numbered = predicted.length <= mostNumbered;
  return new Chart(
    when === undefined ? "Expected against predicted" : `Expected against predicted, ${when}`,
    {
      data: [
        {
          type: "bar",
          x: cells.map(({ x }) => x),
          base: cells.map(({ y }) => y - side / 2),
          y: cells.map(() => side),
          width: side,
          text: cells.map(({ rows }) => (numbered ? String(rows) : "")),
          textposition: "inside",
          insidetextanchor: "middle",
          textangle: 0,
          constraintext: "none",
          marker: { color: cells.map(({ share }) => `rgba(0,114,178,${(0.05 + 0.7 * share).toFixed(3)})`) },
          customdata: cells.map(({ row, column, rows, share }) => [label(row), label(column), rows, share]),
          hovertemplate:
            "expected %{customdata[0]}<br>predicted %{customdata[1]}<br>%{customdata[2]} rows, %{customdata[3]:.0%} of the expected<extra></extra>",
        },
      ],
      layout: layout(Math.max(240, 110 + expected.length * (numbered ? 52 : 22)), false, {
        xaxis: categories(predicted, "predicted"),
        yaxis: categoriesDown(expected, "expected"),
      }),
    },
    mostConfused(evaluation),
  );
}

function mostConfused({ confusion }: Evaluation): string {
  const pairs = confusion!.labels.flatMap((row) =>
    confusion!.labels.flatMap((column) =>
      row === column ? [] : [{ row, column, rows: confusion!.count(row, column) }],
    ),
  );
  const worst = pairs.sort((a, b) => b.rows - a.rows)[0];
  if (!worst || worst.rows === 0) return "No label was taken for another.";
  return `Most often confused: “${clip(worst.row, 40)}” taken for “${clip(worst.column, 40)}”, ${count(worst.rows, "row")}.`;
}
