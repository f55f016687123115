import { type Kind, scalar } from "./kind.ts";

const integer = /^(0|-?[1-9]\d{0,15})$/;
const float = /^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$/;
const boolean = /^(true|false)$/i;

/**
 * Finds the kind of a column of text cells (CSV), cell by cell. Empty cells say nothing.
 *
 * A number is one only where no digit is lost: a leading zero or plus sign (`007`, a telephone number), a whole
 * number beyond 2^53 and a fraction of more than 17 digits keep the whole column as text.
 */
export class TextKind {
  #kind: Kind = scalar.null;
  #quotedEmpty = false;

  /** Looks at the next cell. */
  add(cell: string | null): void {
    if (cell === null || this.#kind === scalar.string) return;
    if (cell === "") {
      this.#quotedEmpty = true;
      return;
    }
    const found = kindOfText(cell);
    if (this.#kind === scalar.null || this.#kind === found) this.#kind = found;
    else if (found === scalar.string || this.#kind === scalar.boolean || found === scalar.boolean)
      this.#kind = scalar.string;
    else this.#kind = scalar.number;
  }

  /** The kind of the cells so far. */
  get kind(): Kind {
    return this.#kind === scalar.null && this.#quotedEmpty ? scalar.string : this.#kind;
  }
}

/** The kind of a column of text cells, from all of them; see {@link TextKind}. */
export function inferTextKind(cells: Iterable<string | null>): Kind {
  const column = new TextKind();
  for (const cell of cells) column.add(cell);
  return column.kind;
}

function kindOfText(cell: string): Kind {
  if (cell === "NaN" || cell === "Infinity" || cell === "-Infinity") return scalar.number;
  const code = cell.charCodeAt(0);
  const numeric = (code >= 48 && code <= 57) || code === 45 || code === 46;
  if (numeric) {
    if (integer.test(cell) && Number.isSafeInteger(Number(cell))) return scalar.integer;
    return isFaithfulFloat(cell) ? scalar.number : scalar.string;
  }
  return cell.length <= 5 && boolean.test(cell) ? scalar.boolean : scalar.string;
}

/** Whether a number has the digits of its text. Up to 15 always survive; beyond, some do. */
function isFaithfulFloat(cell: string): boolean {
  const number = Number(cell);
  if (String(number) === cell && cell.includes(".")) return true;
  const match = float.exec(cell);
  const [, whole, fraction, exponent] = match ?? [];
  if (fraction === undefined && (whole === undefined || exponent === undefined)) return false;
  const digits = significantDigits(`${whole ?? ""}${fraction?.slice(1) ?? ""}`);
  if (!Number.isFinite(number)) return false;
  if (digits.length <= 15) return true;
  return digits.length <= 100 && significantDigits(Math.abs(number).toPrecision(digits.length)) === digits;
}

function significantDigits(text: string): string {
  return text.replace(/e.*$/, "").replace(".", "").replace(/^0+/, "").replace(/0+$/, "");
}
