import { confusionChart } from "../figures/confusion.ts";
import { perClassChart } from "../figures/per-class.ts";
import { reliabilityChart } from "../figures/reliability.ts";
import { html } from "../html.ts";
import { charts, type Section, table } from "../section.ts";
import type { Reported } from "../subject.ts";
import { score } from "../words.ts";

/** How each label fared. Undefined where the metric compares no field of few values. */
export function classes({ after, before }: Reported): Section | undefined {
  const figures = after.confusion?.classes();
  if (!figures) return undefined;
  const was = new Map(before?.confusion?.classes().map((one) => [one.label, one.f1]));
  return {
    id: "classes",
    title: "Classes",
    body: charts(
      before && confusionChart(before, "before"),
      confusionChart(after, before && "after"),
      perClassChart(after, before),
      reliabilityChart(after, before),
      table(
        "Precision, recall and F1 by class",
        ["class", "rows", "predicted", "precision", "recall", "F1", ...(before ? ["F1 before"] : [])],
        figures.map(
          ({ label, support, predicted, precision, recall, f1 }) =>
            html`<tr>
              <th scope="row">${label}</th>
              <td>${support}</td>
              <td>${predicted}</td>
              <td>${score(precision)}</td>
              <td>${score(recall)}</td>
              <td>${score(f1)}</td>
              ${before && html`<td>${score(was.get(label))}</td>`}
            </tr>`,
        ),
      ),
    ),
  };
}
