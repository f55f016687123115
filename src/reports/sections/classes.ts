import type { Evaluation } from "../../evaluate/index.ts";
import { html, type Html } from "../html.ts";

/** Precision, recall and F1 by class as a table. */
export function classTable(evaluation: Evaluation): Html | undefined {
  const classes = evaluation.confusion?.classes();
  if (!classes) return undefined;
  return html`<div class="scroll"><table>
    <caption>By class, ${evaluation.subject.name}</caption>
    <thead><tr><th scope="col">class</th><th scope="col">rows</th><th scope="col">predicted</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th></tr></thead>
    <tbody>${classes.map(
      ({ label, support, predicted, precision, recall, f1 }) =>
        html`<tr><th scope="row">${label}</th><td>${support}</td><td>${predicted}</td><td>${precision.toFixed(3)}</td><td>${recall.toFixed(3)}</td><td>${f1.toFixed(3)}</td></tr>`,
    )}</tbody>
  </table></div>`;
}
