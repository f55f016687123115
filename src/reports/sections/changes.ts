import type { Flips } from "../../evaluate/index.ts";
import { html, type Html } from "../html.ts";
import { list, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { count } from "../words.ts";
import { spell, values, withoutLabel } from "./values.ts";

/** The rows whose score changed, to each side. Undefined where nothing was compared. */
export function changes({ comparison, after }: Reported): Section | undefined {
  if (!comparison) return undefined;
  const { field } = after.subject;
  return {
    id: "changes",
    title: "Rows that changed",
    body: html`${flips("better", comparison.better, field)} ${flips("worse", comparison.worse, field)}`,
  };
}

function flips(direction: "better" | "worse", flipped: Flips, field: string | undefined): Html {
  const { rows } = flipped;
  if (rows.length === 0) return html`<p>No row scores ${direction} than before.</p>`;
  return html`<details>
    <summary>
      ${count(flipped.count, "row")} ${flipped.count === 1 ? "scores" : "score"} ${direction} than
      before${flipped.count > rows.length ? `, the first ${rows.length} of them here` : ""}
    </summary>
    ${list(
      `Rows that score ${direction} than before`,
      rows.map(
        ({ before, after }) =>
          html`<li>
            <p class="facts">
              <span>row ${after.index}</span>
              ${
                field === undefined
                  ? html`<span>score ${before.score.toFixed(2)} &rarr; ${after.score.toFixed(2)}</span>`
                  : html`<span>expected <b>${spell(after.row[field])}</b></span>
                      <span>before <b>${spell(before.outputs?.[field] ?? before.status)}</b></span>
                      <span>after <b>${spell(after.outputs?.[field] ?? after.status)}</b></span>`
              }
            </p>
            ${values(withoutLabel(after.row, field))}
            ${
              field === undefined
                ? html`<h4>Before</h4>
                    ${values(before.outputs ?? {})}
                    <h4>After</h4>
                    ${values(after.outputs ?? {})}`
                : undefined
            }
          </li>`,
      ),
    )}
  </details>`;
}
