import { type Column, type Order } from "./columns/column.ts";
import { scalar } from "./columns/kind.ts";

/**
 * The rows sorted by `keys`, the first deciding before the second; rows that compare equal stay in their order.
 * Missing values (null and NaN) come last in both directions. Text is compared by UTF-16 code units, so that the
 * order does not depend on the machine's language.
 *
 * A stable radix sort on 64-bit keys, the last column first: linear in the rows, whatever their order.
 */
export function sortedOrder(keys: readonly Column[], length: number, descending: boolean): Order {
  let order: Order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (const column of [...keys].reverse()) order = radixPasses(order, sortKeys(column, descending));
  return order;
}

/** Sort keys as pairs of 32-bit words, low then high, whose unsigned order is the order of the values. */
function sortKeys(column: Column, descending: boolean): Uint32Array {
  const numbers = rankable(column);
  const keys = new Uint32Array(numbers.buffer);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (Number.isNaN(number)) {
      keys[2 * i] = keys[2 * i + 1] = 0xffffffff;
      continue;
    }
    if (number === 0) numbers[i] = 0; // -0 and 0 are one value.
    // Doubles order as integers once negatives are inverted and positives take the sign bit (IEEE 754).
    const negative = number < 0;
    const invert = negative ? 0xffffffff : 0;
    const reverse = descending ? 0xffffffff : 0;
    keys[2 * i] = keys[2 * i]! ^ invert ^ reverse;
    keys[2 * i + 1] = keys[2 * i + 1]! ^ (negative ? invert : 0x80000000) ^ reverse;
  }
  return keys;
}

/** The column as numbers that order as its values do; NaN where a value is missing. */
function rankable(column: Column): Float64Array {
  const { at, length, kind } = column;
  const numbers = new Float64Array(length);
  if (
    kind === scalar.number ||
    kind === scalar.integer ||
    kind === scalar.boolean ||
    kind === scalar.timestamp
  ) {
    for (let i = 0; i < length; i++) {
      const value = at(i);
      numbers[i] = value === null ? NaN : Number(value);
    }
    return numbers;
  }
  const { codes, values } = column.groups();
  const texts = values.map((value) =>
    value === null || typeof value === "string" ? value : JSON.stringify(value),
  );
  const sorted = texts.map((_, code) => code).sort((a, b) => compareText(texts[a]!, texts[b]!));
  const ranks = new Float64Array(values.length);
  sorted.forEach((code, rank) => (ranks[code] = texts[code] === null ? NaN : rank));
  for (let i = 0; i < length; i++) numbers[i] = ranks[codes[i]!]!;
  return numbers;
}

function compareText(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

const radix = 1 << 16;

/** Four stable counting sorts by 16 bits each, the lowest first; a digit that all rows share costs no move. */
function radixPasses(order: Order, keys: Uint32Array): Order {
  const digits = new Uint16Array(keys.buffer);
  let from = order;
  let to: Order = new Uint32Array(order.length);
  const starts = new Uint32Array(radix);
  for (let digit = 0; digit < 4; digit++) {
    starts.fill(0);
    for (let i = 0; i < from.length; i++) starts[digits[4 * i + digit]!]!++;
    if (starts.includes(from.length)) continue;
    let start = 0;
    for (let value = 0; value < radix; value++) {
      const count = starts[value]!;
      starts[value] = start;
      start += count;
    }
    for (const position of from) to[starts[digits[4 * position + digit]!]!++] = position;
    [from, to] = [to, from];
  }
  return from;
}
