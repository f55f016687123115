import { markdownSections } from "./markdown.ts";
import type { Section } from "./section.ts";

/** Tags deeper than this are left out: nobody reads them, and each takes a place on the stack. */
const deepest = 200;

/** The parts of an HTML page, one a heading. Navigation, scripts, images and the addresses of links are left out. */
export async function htmlSections(html: string): Promise<Section[]> {
  const { convert } = await import("html-to-text");
  const headings = [1, 2, 3, 4, 5, 6].map((level) => ({
    selector: `h${level}`,
    format: "markdownHeading",
    options: { level },
  }));
  const text = convert(html, {
    wordwrap: false,
    limits: { maxDepth: deepest, maxInputLength: html.length },
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
