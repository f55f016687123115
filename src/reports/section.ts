import { scriptJson } from "../core/index.ts";
import { Chart } from "./chart.ts";
import { html, Html } from "./html.ts";

/** One part of the page, which the navigation leads to. */
export interface Section {
  id: string;
  title: string;
  body: Html;
}

/** Charts, and tables beside them, side by side where there is room. */
export function charts(...shown: readonly (Chart | Html | undefined)[]): Html {
  return html`<div class="charts">${shown.map((one) => (one instanceof Chart ? figure(one) : one))}</div>`;
}

/** A chart stands with its data, from which the page draws it. */
function figure({ title, alternative, figure: drawn }: Chart): Html {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div class="chart" role="img" aria-label="${title}. ${alternative}">
      ${new Html(`<script type="application/json">${scriptJson(drawn)}</script>`)}
    </div>
    <p>${alternative}</p>
  </figure>`;
}

/** A table under its caption. */
export function table(caption: string, columns: readonly string[], rows: readonly Html[]): Html {
  return scrolling(
    caption,
    html`<table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  );
}

/** Rows of a dataset, one below the other. */
export function list(name: string, items: readonly Html[]): Html {
  return scrolling(
    name,
    html`<ol class="rows">
      ${items}
    </ol>`,
  );
}

/** What is wider or longer than its place scrolls by itself, by keyboard too. */
function scrolling(name: string, body: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${body}</div>`;
}
