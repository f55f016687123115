import type { ReportColumn } from "./table.ts";

/** About as many ranges as a histogram can show. */
const most = 12;

/**
 * The ranges of a number as a column that rows can be grouped by, `words_range`: of equal width, at round bounds.
 * None where the numbers are all alike, or so few that each is a group of its own.
 */
export function binsOf({ name, values, labels: few }: ReportColumn): ReportColumn[] {
  let [low, high] = [Infinity, -Infinity];
  let whole = true;
  for (const value of values) {
    if (typeof value !== "number") continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    whole &&= Number.isInteger(value);
  }
  if (few.length > 0 || !(high > low) || !Number.isFinite(high - low)) return [];
  const width = roundWidth((high - low) / most, whole);
  const first = Math.floor(low / width);
  const range = (place: number) => {
    const [from, to] = [place * width, (place + 1) * width];
    if (!whole) return `${short(from)} to below ${short(to)}`;
    return width === 1 ? short(from) : `${short(from)} to ${short(to - 1)}`;
  };
  const places = values.map((value) => (typeof value === "number" ? Math.floor(value / width) : null));
  const last = Math.floor(high / width);
  return [
    {
      name: `${name}_range`,
      role: "period",
      unit: "",
      from: name,
      values: places.map((place) => (place === null ? null : range(place))),
      labels: Array.from({ length: last - first + 1 }, (_, index) => range(first + index)),
    },
  ];
}

/** 1, 2 or 5 times a power of ten, the next above `width`; at least 1 for whole numbers. */
function roundWidth(width: number, whole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const round = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= width * 0.999)!;
  return whole ? Math.max(1, Math.round(round)) : round;
}

/** Without what floating point adds at the end. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
