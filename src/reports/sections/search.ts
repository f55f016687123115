import { searchChart } from "../figures/search.ts";
import { html } from "../html.ts";
import { charts, type Section, table } from "../section.ts";
import type { Reported, SearchSummary } from "../subject.ts";
import { clip, count, dollars, duration, score } from "../words.ts";

const mostCandidates = 30;

/** What was tried and what it took. Undefined where nothing was searched. */
export function search({ search: found }: Reported): Section | undefined {
  if (!found) return undefined;
  const { ranking, candidates, seconds, stopped, optimizer } = found;
  const numbers = new Map(candidates.map(({ id }, index) => [id, index + 1]));
  const madeFrom = (parents: readonly string[]) => parents.map((id) => numbers.get(id) ?? "?").join(", ");
  const early = stopped === undefined ? "" : ` It ended early: ${stopped}.`;
  const most = ranking.length > mostCandidates ? `, the best ${mostCandidates}` : "";
  return {
    id: "search",
    title: "Search",
    body: html`<p>
        ${optimizer} made ${count(candidates.length, "candidate")} in ${duration(seconds)}.
        ${used(found)}${early}
      </p>
      ${charts(searchChart(found))}
      <details>
        <summary>Candidates by score</summary>
        ${table(
          `Candidates scored on all validation rows, best first${most}`,
          ["number", "made by", "from", "score", "what it changes"],
          ranking.slice(0, mostCandidates).map(
            ({ candidate, score: value }) =>
              html`<tr>
                <th scope="row">${numbers.get(candidate.id) ?? ""}</th>
                <td>${candidate.origin}</td>
                <td>${madeFrom(candidate.parents)}</td>
                <td>${score(value)}</td>
                <td class="text">${changes(candidate.edits)}</td>
              </tr>`,
          ),
        )}
      </details>`,
  };
}

function used({ used: byRole }: SearchSummary): string {
  return Object.entries(byRole)
    .filter(([, { rollouts, calls }]) => rollouts + calls > 0)
    .map(
      ([role, { rollouts, calls, tokens, cost }]) =>
        `The ${role} model: ${rollouts > 0 ? `${count(rollouts, "rollout")}, ` : ""}${count(calls, "call")}, ${count(tokens, "token")}${cost === null || cost === 0 ? "" : `, ${dollars(cost)}`}.`,
    )
    .join(" ");
}

function changes(edits: SearchSummary["ranking"][number]["candidate"]["edits"]): string {
  const parts = Object.entries(edits).map(([path, { instructions, demos }]) => {
    const told = instructions === undefined ? [] : [`“${clip(instructions, 400)}”`];
    const shown = demos === undefined ? [] : [count(demos.length, "example")];
    return `${path === "self" ? "" : `${path}: `}${[...told, ...shown].join(", ")}`;
  });
  return parts.join("; ") || "nothing: the program as it was";
}
