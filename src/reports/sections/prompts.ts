import type { Demo } from "../../adapters/index.ts";
import type { PredictorState } from "../../modules/index.ts";
import { html, type Html } from "../html.ts";
import { list, type Section } from "../section.ts";
import type { Reported } from "../subject.ts";
import { count } from "../words.ts";
import { values } from "./values.ts";

/** What each predictor is told and shown, and what of it changed. */
export async function prompts({ after, before }: Reported): Promise<Section> {
  const was = before?.subject.program.predictors();
  const { program } = after.subject;
  const articles: Html[] = [];
  for (const [path, { state, signature }] of program.predictors()) {
    const earlier = was?.get(path)?.state;
    articles.push(
      html`<article>
        <h3>${path === "self" ? program.constructor.name : path} <code>${signature.toString()}</code></h3>
        <h4>Instructions</h4>
        <pre class="prompt">
${earlier ? await difference(earlier.instructions, state.instructions) : state.instructions}</pre>
        ${examples(state, earlier)}
      </article>`,
    );
  }
  return {
    id: "prompts",
    title: "Prompts",
    body: html`${before && html`<p>What was <ins>added</ins> and what was <del>taken away</del>.</p>`}
    ${articles}`,
  };
}

/** Share of the shorter text that must have stayed; with less, a comparison by words is a salad. */
const leastInCommon = 0.4;

/** What changed, word by word; where little was left as it was, the one text and then the other. */
async function difference(before: string, after: string): Promise<Html[]> {
  const { diffWordsWithSpace } = await import("diff");
  const parts = diffWordsWithSpace(before, after);
  const stayed = parts.reduce(
    (sum, { value, added, removed }) => (added || removed ? sum : sum + value.length),
    0,
  );
  if (before !== "" && after !== "" && stayed < leastInCommon * Math.min(before.length, after.length)) {
    return [html`<del>${before}</del>`, html`${"\n\n"}`, html`<ins>${after}</ins>`];
  }
  return parts.map(({ value, added, removed }) =>
    added ? html`<ins>${value}</ins>` : removed ? html`<del>${value}</del>` : html`${value}`,
  );
}

function examples({ demos }: PredictorState, before: PredictorState | undefined): Html {
  const known = new Set(before?.demos.map(key));
  const kept = new Set(demos.map(key));
  const gone = before?.demos.filter((demo) => !kept.has(key(demo))) ?? [];
  const change = before
    ? `, ${demos.filter((demo) => !known.has(key(demo))).length} of them new, ${gone.length} taken away`
    : "";
  if (demos.length + gone.length === 0) return html`<p>No examples are shown.</p>`;
  return html`<details>
    <summary>${count(demos.length, "example")}${change}</summary>
    ${list("Examples", [
      ...demos.map((demo) =>
        before && !known.has(key(demo))
          ? html`<li><ins>${values(demo)}</ins></li>`
          : html`<li>${values(demo)}</li>`,
      ),
      ...gone.map((demo) => html`<li><del>${values(demo)}</del></li>`),
    ])}
  </details>`;
}

const key = (demo: Demo) => JSON.stringify(demo);
