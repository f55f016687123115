import { html, type Html } from "../html.ts";
import type { SearchSummary } from "../subject.ts";

const mostCandidates = 30;

/** What was tried and what it cost. */
export function searchTable(search: SearchSummary): Html {
  const { ranking, candidates, used, seconds, stopped, optimizer } = search;
  const spent = Object.entries(used).filter(([, { calls, rollouts }]) => calls + rollouts > 0);
  return html`<p>${optimizer} made ${candidates.length} candidates in ${seconds.toFixed(0)} s${stopped === undefined ? "" : `, and ended early: ${stopped}`}. ${spent.map(
    ([role, { rollouts, calls, tokens, cost }]) =>
      html`${role}: ${rollouts > 0 ? `${rollouts} rollouts, ` : ""}${calls} calls, ${tokens.toLocaleString("en")} tokens${cost === null || cost === 0 ? "" : `, $${cost.toFixed(4)}`}. `,
  )}</p>
  <details>
    <summary>Candidates by score</summary>
    <div class="scroll"><table>
      <caption>Candidates scored on all validation rows, best first</caption>
      <thead><tr><th scope="col">score</th><th scope="col">made by</th><th scope="col">changes</th></tr></thead>
      <tbody>${ranking
        .slice(0, mostCandidates)
        .map(
          ({ candidate, score }) =>
            html`<tr><td>${score.toFixed(3)}</td><td class="text">${candidate.origin}</td><td class="text">${changes(candidate.edits)}</td></tr>`,
        )}</tbody>
    </table></div>
  </details>`;
}

function changes(edits: SearchSummary["ranking"][number]["candidate"]["edits"]): string {
  const parts = Object.entries(edits).map(
    ([path, { instructions, demos }]) =>
      `${path}: ${[instructions, demos && `${demos.length} examples`].filter((part) => part !== undefined).join("; ")}`,
  );
  return parts.join(" · ") || "none: the program as it was";
}
