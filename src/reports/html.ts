import { escapeHtml } from "../core/index.ts";

/** HTML that is safe to stand in a page: all text in it was escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | undefined | readonly Piece[];

/** HTML with the values in it escaped, but for those that are {@link Html} already. Undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: Piece[]): Html {
  return new Html(strings.reduce((text, string, index) => text + spell(values[index - 1]) + string));
}

function spell(piece: Piece): string {
  if (piece === undefined) return "";
  if (piece instanceof Html) return piece.text;
  return typeof piece === "object" ? piece.map(spell).join("") : escapeHtml(String(piece));
}
