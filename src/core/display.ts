/**
 * How a value shows itself in a notebook: a bundle of MIME types, richest first, under the symbol that
 * JavaScript kernels for Jupyter agree on (https://docs.deno.com/runtime/reference/cli/jupyter/).
 */
export const display: unique symbol = Symbol.for("Jupyter.display") as never;

/** MIME type to content: text for `text/*`, an object for JSON types. */
export type MimeBundle = Record<string, unknown>;

/** A value that shows itself richly as the last value of a cell. `text/plain` is always among its types. */
export interface Displayable {
  /** The value by MIME type, richest first. */
  [display](): MimeBundle;
}

/** Escapes text for HTML content and quoted attributes. Everything from data or a model passes through here. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that can stand inside a `<script>` element: no `<`, and no line separators older parsers stumble on. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `address` where it is http(s), else undefined: nothing else may become a link. */
export function safeLink(address: string): string | undefined {
  return /^https?:\/\//i.test(address) ? address : undefined;
}
