import type { Section } from "./section.ts";

/** The parts of a Markdown text, one a heading (`#` to `######`). What has no text under it is no part. */
export function markdownSections(markdown: string): Section[] {
  const sections: Section[] = [];
  const path: string[] = [];
  let lines: string[] = [];
  let fence: string | undefined;
  const close = () => {
    const text = lines.join("\n").trim();
    const headings = path.filter((heading) => heading !== undefined);
    if (text !== "") sections.push({ text, headings });
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    // A hash in a block of code is a comment.
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence)) fence = undefined;
    const heading = fence === undefined ? /^ {0,3}(#{1,6})[ \t](.*)$/.exec(line) : null;
    if (!heading) {
      lines.push(line);
      continue;
    }
    close();
    path.length = Math.min(path.length, heading[1]!.length - 1);
    path[heading[1]!.length - 1] = heading[2]!.trim().replace(/\s#+$/, "");
  }
  close();
  return sections;
}
