import type { Estimate, Evaluation } from "../../evaluate/index.ts";
import { categoriesDown, Chart, label, layout, quantity, versions } from "../chart.ts";
import { clip, count, score } from "../words.ts";

/** One line of an interval chart. */
interface Line extends Estimate {
  name: string;
}

/** The score with its 95 % interval, and that of each stage where stages were scored; before beside after. */
export function estimateChart(after: Evaluation, before?: Evaluation): Chart {
  return intervals("Score with its 95 % interval", after.subject.metric, after, before, (evaluation) => {
    const stages = Object.entries(evaluation.stages).map(([name, estimate]) => ({ name, ...estimate }));
    return [{ name: stages.length > 0 ? "program" : "", ...evaluation.estimate }, ...stages];
  });
}

/**
 * Scores by the values of a column, most rows first, each with its 95 % interval; before beside after. Throws
 * ConfigurationError where the rows have no such column.
 */
export function sliceChart(column: string, after: Evaluation, before?: Evaluation): Chart {
  return intervals(`By ${clip(column, 40)}`, "score", after, before, (evaluation) =>
    evaluation.slices(column).map(({ value, rows, mean, interval }) => ({
      name: `${clip(value, 24)} · ${count(rows, "row")}`,
      mean,
      interval,
    })),
  );
}

function intervals(
  title: string,
  unit: string,
  after: Evaluation,
  before: Evaluation | undefined,
  read: (evaluation: Evaluation) => readonly Line[],
): Chart {
  const drawn = versions(after, before).map((version) => ({ ...version, lines: read(version.evaluation) }));
  const lines = drawn.at(-1)!.lines;
  const all = drawn.flatMap((version) => version.lines);
  const shares = all.every(
    ({ mean, interval: [low, high] }) => !(mean < 0 || mean > 1 || low < 0 || high > 1),
  );
  return new Chart(
    title,
    {
      data: drawn.map(({ name, color, lines: own }, place) => {
        const places = new Map(own.map((line) => [line.name, line]));
        const found = lines.map((line, y) => ({
          y: y + (place - (drawn.length - 1) / 2) * 0.3,
          line: places.get(line.name),
        }));
        const present = found.flatMap(({ y, line }) =>
          line && !Number.isNaN(line.mean) ? [{ y, ...line }] : [],
        );
        return {
          type: "scatter",
          mode: "markers",
          name,
          x: present.map(({ mean }) => mean),
          y: present.map(({ y }) => y),
          customdata: present.map(({ name: of, interval }) => [label(of), ...interval]),
          error_x: {
            type: "data",
            symmetric: false,
            array: present.map(({ mean, interval }) => interval[1] - mean),
            arrayminus: present.map(({ mean, interval }) => mean - interval[0]),
            thickness: 2.5,
            width: 0,
            color,
          },
          marker: { color, size: 10 },
          hovertemplate: `%{customdata[0]}<br>%{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f})<extra>${name}</extra>`,
        };
      }),
      layout: layout(64 + lines.length * 44, drawn.length > 1, {
        xaxis: quantity(unit, shares ? { range: [-0.02, 1.02], tickvals: [0, 0.25, 0.5, 0.75, 1] } : {}),
        yaxis: categoriesDown(lines.map(({ name }) => name)),
      }),
    },
    inWords(lines, drawn.length > 1 ? drawn[0]!.lines : []),
  );
}

/** All lines where they are few, else the lowest and the highest. */
function inWords(lines: readonly Line[], before: readonly Line[]): string {
  const sorted = [...lines].sort((a, b) => a.mean - b.mean);
  const told = lines.length <= 3 ? lines : [sorted[0]!, sorted.at(-1)!];
  const sentences = told.map(({ name, mean, interval: [low, high] }) => {
    const was = before.find((line) => line.name === name);
    return `${name === "" ? "" : `${name}, `}${was ? `${score(was.mean)} before, now ` : ""}${score(mean)} (${score(low)} to ${score(high)}).`;
  });
  return told === lines ? sentences.join(" ") : `Lowest: ${sentences[0]!} Highest: ${sentences[1]!}`;
}
