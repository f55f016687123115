import { confidentAnswers, type Evaluation } from "../../evaluate/index.ts";
import { expectedCalibrationError, reliability } from "../../metrics/index.ts";
import { Chart, layout, quantity, versions } from "../chart.ts";
import { count } from "../words.ts";

const meaning = "On the diagonal, answers are right as often as they are sure; below it, they are too sure.";

/**
 * Share of right answers by how sure the program was of them, in tenths, with the expected calibration error; before
 * beside after where both are given. Undefined where no predictor of `after` weighs its labels.
 */
export function reliabilityChart(after: Evaluation, before?: Evaluation): Chart | undefined {
  const drawn = versions(after, before)
    .map((version) => ({ ...version, answers: confidentAnswers(version.evaluation) }))
    .filter(({ answers }) => answers.length > 0);
  if (drawn.at(-1)?.evaluation !== after) return undefined;
  const errors = drawn.map(({ name, answers }) => {
    const error = `calibration error ${expectedCalibrationError(answers).toFixed(3)}`;
    return drawn.length > 1 ? `${error} ${name}` : error;
  });
  const ends = { range: [0, 1.02], tickvals: [0, 0.25, 0.5, 0.75, 1] };
  return new Chart(
    "Right answers by confidence",
    {
      data: [
        {
          type: "scatter",
          mode: "lines",
          x: [0, 1],
          y: [0, 1],
          line: { color: "#8a8a8a", width: 1, dash: "dot" },
          hoverinfo: "skip",
          showlegend: false,
        },
        ...drawn.map(({ name, color, answers }) => {
          const bins = reliability(answers);
          return {
            type: "scatter",
            mode: "lines+markers",
            name,
            x: bins.map(({ confidence }) => confidence),
            y: bins.map(({ accuracy }) => accuracy),
            customdata: bins.map(({ rows }) => count(rows, "row")),
            line: { color, width: 2 },
            marker: { color, size: 8 },
            hovertemplate: `sure to %{x:.2f}, right %{y:.2f} (%{customdata})<extra>${name}</extra>`,
          };
        }),
      ],
      layout: layout(260, drawn.length > 1, {
        xaxis: quantity("confidence", ends),
        yaxis: quantity("share right", ends),
      }),
    },
    `${meaning} ${errors.join(", ").replace(/^c/, "C")}.`,
  );
}
