/** At most `most` characters of a text. */
export function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** A count with its noun: `1 row`, `2 rows`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A score or share with three digits; a dash where there is none. */
export function score(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(3);
}

/** A time with three digits and its unit: `0.31 ms`, `48 ms`, `1.7 s`, `12 min`. */
export function duration(seconds: number): string {
  if (Number.isNaN(seconds)) return "–";
  if (seconds < 1) return `${digits(seconds * 1000)} ms`;
  return seconds < 120 ? `${digits(seconds)} s` : `${(seconds / 60).toFixed(0)} min`;
}

/** US dollars. */
export function dollars(cost: number): string {
  return cost === 0 ? "$0" : `$${cost < 1 ? cost.toFixed(4) : cost.toFixed(2)}`;
}

function digits(value: number): string {
  return value >= 99.5 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
