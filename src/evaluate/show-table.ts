import { escapeHtml, type MimeBundle } from "../core/index.ts";

/** A table as a notebook and a terminal show it. */
export interface ShownTable {
  caption?: string | undefined;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** A sentence below. */
  note?: string | undefined;
}

/** Shows a small table of texts; columns are aligned in plain text. */
export function showTable({ caption, head, rows, note }: ShownTable): MimeBundle {
  const cells = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag} style="text-align:left">${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const aligned = lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  return {
    "text/html":
      `<table>${caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`}${cells("th", head)}` +
      `${rows.map((row) => cells("td", row)).join("")}</table>` +
      (note === undefined ? "" : `<p>${escapeHtml(note)}</p>`),
    "text/plain": [
      ...(caption === undefined ? [] : [caption]),
      ...aligned,
      ...(note === undefined ? [] : [note]),
    ].join("\n"),
  };
}
