import { type Kind, scalar } from "./kind.ts";

const integer = /^(0|-?[1-9]\d{0,15})$/;
const float = /^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$/;
const boolean = /^(true|false)$/i;

/**
 * The kind of a column of text cells (CSV), from all of them. Empty cells say nothing.
 *
 * A number is one only where no digit is lost: a leading zero or plus sign (`007`, a telephone number), a whole
 * number beyond 2^53 and a fraction of more than 17 digits keep the whole column as text.
 */
export function inferTextKind(cells: Iterable<string | null>): Kind {
  let kind: Kind = scalar.null;
  let quotedEmpty = false;
  for (const cell of cells) {
    if (cell === null) continue;
    if (cell === "") {
      quotedEmpty = true;
      continue;
    }
    const found = kindOfText(cell);
    if (kind === scalar.null || kind === found) kind = found;
    else if (found !== scalar.string && kind !== scalar.boolean && found !== scalar.boolean)
      kind = scalar.number;
    else return scalar.string;
    if (kind === scalar.string) return kind;
  }
  return kind === scalar.null && quotedEmpty ? scalar.string : kind;
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
