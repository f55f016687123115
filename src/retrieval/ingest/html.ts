import { DataError } from "../../core/index.ts";
import { markdownSections } from "./markdown.ts";
import type { Section } from "./section.ts";

/** Tags deeper than this are left out: nobody reads them, and each takes a place on the stack. */
const deepestRead = 200;

/** No page is nested like this, and reading one would take the square of its depth. */
const deepest = 2000;

/** Tags that need not be closed, and are closed by the next of their kind. */
const unclosed = new Set(
  "area base br col dd dt embed hr img input li link meta option p source tbody td tfoot th thead tr track wbr".split(
    " ",
  ),
);

/** The parts of an HTML page, one a heading. Navigation, scripts, images and the addresses of links are left out. */
export async function htmlSections(html: string): Promise<Section[]> {
  checkDepth(html);
  const { convert } = await import("html-to-text");
  const headings = [1, 2, 3, 4, 5, 6].map((level) => ({
    selector: `h${level}`,
    format: "markdownHeading",
    options: { level },
  }));
  const text = convert(html, {
    wordwrap: false,
    limits: { maxDepth: deepestRead, maxInputLength: html.length },
    formatters: {
      markdownHeading(element, walk, builder, options) {
        builder.openBlock({ leadingLineBreaks: 2 });
        builder.addLiteral(`${"#".repeat(options.level as number)} `);
        walk(element.children, builder);
        builder.closeBlock({ trailingLineBreaks: 2 });
      },
    },
    selectors: [
      ...headings,
      { selector: "a", options: { ignoreHref: true } },
      { selector: "img", format: "skip" },
      { selector: "nav", format: "skip" },
      // A table as lines of cells; aligned, it would be mostly spaces.
      { selector: "tr", format: "block", options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
      { selector: "td", format: "inlineSurround", options: { suffix: " | " } },
      { selector: "th", format: "inlineSurround", options: { suffix: " | " } },
    ],
  });
  return markdownSections(text);
}

function checkDepth(html: string): void {
  let depth = 0;
  for (let start = html.indexOf("<"), end; start >= 0; start = html.indexOf("<", end)) {
    end = html.indexOf(">", start);
    if (end < 0) return;
    const [, slash, name] = /^(\/?)([a-z][a-z0-9]*)/i.exec(html.slice(start + 1, start + 20)) ?? [];
    if (name === undefined || unclosed.has(name.toLowerCase()) || html[end - 1] === "/") continue;
    depth = slash ? Math.max(0, depth - 1) : depth + 1;
    if (depth > deepest) throw new DataError(`has more than ${deepest} tags inside each other`);
  }
}
