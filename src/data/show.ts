import { escapeHtml } from "../core/display.ts";
import { asText } from "./columns/coerce.ts";

/** What the display of a table needs to know of it. */
export interface Shown {
  length: number;
  schema: readonly { name: string; type: string; nulls: number }[];
  /** The value at a row of a column. */
  at: (row: number, column: string) => unknown;
}

const shownRows = 10;
const numeric = new Set(["integer", "number"]);

/** A table for a notebook's cell: types, missing values and the first ten rows; every text escaped. */
export function showHtml({ length, schema, at }: Shown): string {
  const rows = Array.from({ length: Math.min(length, shownRows) }, (_, row) => row);
  const head = schema.map(({ name, type, nulls }) => {
    const missing = nulls > 0 ? ` · ${count(nulls, "null")}` : "";
    const note = `<div style="font-weight:400;opacity:.65">${escapeHtml(type)}${missing}</div>`;
    return `<th scope="col" style="${cell}text-align:${align(type)}">${escapeHtml(name)}${note}</th>`;
  });
  const body = rows.map((row) => {
    const cells = schema.map(({ name, type }) => {
      const value = at(row, name);
      const text =
        value === null ? `<span style="opacity:.5">null</span>` : escapeHtml(cut(spell(value), 200));
      return `<td style="${cell}text-align:${align(type)}">${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return (
    `<div style="overflow-x:auto"><table style="border-collapse:collapse;color:inherit;background:transparent">` +
    `<caption style="caption-side:top;text-align:left;padding:4px 8px;color:inherit;opacity:.75">${caption(length, schema.length)}</caption>` +
    `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
  );
}

const cell =
  "border:1px solid rgba(128,128,128,.35);padding:4px 8px;vertical-align:top;max-width:32em;" +
  "white-space:pre-wrap;overflow-wrap:break-word;";
const align = (type: string) => (numeric.has(type) ? "right" : "left");

/** The same as aligned text. Control characters are shown, not obeyed. */
export function showText({ length, schema, at }: Shown): string {
  const rows = Array.from({ length: Math.min(length, shownRows) }, (_, row) => row);
  const columns = schema.map(({ name, type, nulls }) => {
    const lines = [
      visible(name),
      nulls > 0 ? `${type}, ${count(nulls, "null")}` : type,
      ...rows.map((row) => {
        const value = at(row, name);
        return value === null ? "null" : visible(spell(value));
      }),
    ].map((line) => cut(line, 40));
    const width = Math.max(...lines.map((line) => line.length));
    return lines.map((line) => (numeric.has(type) ? line.padStart(width) : line.padEnd(width)));
  });
  const lines = Array.from({ length: rows.length + 2 }, (_, line) =>
    columns
      .map((column) => column[line])
      .join("  ")
      .trimEnd(),
  );
  return [caption(length, schema.length), ...lines].join("\n");
}

/** A value as a table shows it: a fraction to five digits, for the table is to be read; the data keeps them all. */
function spell(value: unknown): string {
  if (typeof value !== "number" || Number.isInteger(value)) return asText(value);
  return asText(Number(value.toPrecision(5)));
}

function caption(rows: number, columns: number): string {
  const shown = rows > shownRows ? `, the first ${shownRows} shown` : "";
  return `${count(rows, "row")} × ${count(columns, "column")}${shown}`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Cut between characters, never inside one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  return `${text.slice(0, /[\uD800-\uDBFF]/.test(text[end - 1]!) ? end - 1 : end)}…`;
}

function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
  });
}
