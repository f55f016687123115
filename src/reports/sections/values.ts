import { html, type Html } from "../html.ts";

/** Characters of one value that are shown: a report is to be read, the data is kept elsewhere. */
const mostCharacters = 2000;
/** Characters up to which values stand side by side. */
const shortCharacters = 40;

/** Named values: short ones side by side, long ones on lines of their own. */
export function values(row: Readonly<Record<string, unknown>>): Html {
  return html`<dl class="values">
    ${Object.entries(row).map(([name, value]) => {
      const text = spell(value);
      return html`<div class="${text.length > shortCharacters ? "long" : "short"}">
        <dt>${name}</dt>
        <dd>${text}</dd>
      </div>`;
    })}
  </dl>`;
}

/** One value as text: texts as they are, all else as JSON. */
export function spell(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
  if (text.length <= mostCharacters) return text;
  return `${text.slice(0, mostCharacters)}… (${text.length - mostCharacters} characters more)`;
}

/** A row without its label, which is shown by itself. */
export function withoutLabel(
  row: Readonly<Record<string, unknown>>,
  field: string | undefined,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== field));
}
