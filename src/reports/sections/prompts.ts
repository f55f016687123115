import { diffWordsWithSpace } from "diff";
import type { Module, PredictorState } from "../../modules/index.ts";
import { html, type Html } from "../html.ts";

/** What each predictor is told, and what of it changed. */
export function prompts(after: Module, before: Module | undefined): Html {
  const was = before?.predictors();
  return html`<section id="prompts" aria-labelledby="prompts-title">
    <h2 id="prompts-title">Prompts</h2>
    ${[...after.predictors()].map(([path, { state, signature }]) => {
      const earlier = was?.get(path)?.state;
      return html`<article>
        <h3>${path === "self" ? after.constructor.name : path}</h3>
        <p><code>${signature.toString()}</code></p>
        <h4>Instructions</h4>
        <pre class="prompt">${earlier && earlier.instructions !== state.instructions ? difference(earlier.instructions, state.instructions) : state.instructions}</pre>
        ${demos(state, earlier)}
      </article>`;
    })}
  </section>`;
}

function difference(before: string, after: string): Html[] {
  return diffWordsWithSpace(before, after).map(({ value, added, removed }) =>
    added ? html`<ins>${value}</ins>` : removed ? html`<del>${value}</del>` : html`${value}`,
  );
}

function demos({ demos: shown }: PredictorState, before: PredictorState | undefined): Html {
  const known = new Set(before?.demos.map((demo) => JSON.stringify(demo)));
  const change = before && before.demos.length !== shown.length ? ` (before: ${before.demos.length})` : "";
  if (shown.length === 0) return html`<p>No examples${change}.</p>`;
  return html`<details>
    <summary>${shown.length} examples${change}</summary>
    <ol class="demos">${shown.map((demo) => {
      const text = JSON.stringify(demo, null, 1);
      return html`<li><pre class="prompt">${before && !known.has(JSON.stringify(demo)) ? html`<ins>${text}</ins>` : text}</pre></li>`;
    })}</ol>
  </details>`;
}
