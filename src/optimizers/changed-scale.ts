import type { AnySignature } from "../adapters/index.ts";
import type { Field, FieldType } from "../signature/index.ts";

/**
 * What new instructions change of a scale of numbers, in words; undefined where they leave it alone. The scale is that
 * of outputs whose type is a Literal of numbers, and what `stated` says of it: ranges, levels (`5: every claim …`) and
 * which end is the good one. Where neither the types nor `stated` tell of a scale, every text is let through.
 */
export function changedScale(
  { outputs }: Pick<AnySignature, "outputs">,
  stated: string,
  text: string,
): string | undefined {
  const scales = outputs.flatMap(scaleOf);
  return (
    otherRange(scales, outputs, stated, text) ??
    otherSize(scales, stated, text) ??
    movedLevel(stated, text) ??
    turnedRound(scales, stated, text)
  );
}

/** The lowest and highest level of an output, and how many levels it has. */
interface Levels {
  low: number;
  high: number;
  size: number;
  /** What the field says of itself. */
  words: string;
}

function scaleOf({ name, description, type }: Field): Levels[] {
  const values = numbersIn(type);
  if (values.length < 2) return [];
  return [
    {
      low: Math.min(...values),
      high: Math.max(...values),
      size: values.length,
      words: `${name} ${description}`,
    },
  ];
}

function numbersIn(type: FieldType): readonly number[] {
  if (type.kind === "optional") return numbersIn(type.inner);
  if (type.kind === "list") return numbersIn(type.item);
  if (type.kind !== "literal") return [];
  return type.values.every((value) => typeof value === "number") ? type.values : [];
}

const spelt = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const numeral = `(?:\\d{1,3}(?:\\.\\d+)?|${spelt.join("|")})`;
const numberOf = (found: string) => {
  const place = spelt.indexOf(found.toLowerCase());
  return place < 0 ? Number(found) : place;
};
const rates = "(?:scales?|range|scor(?:e|es|ed|ing)|rat(?:e|es|ed|ing|ings)|grad(?:e|es|ed|ing)|marks?)";
/** What stands behind a range of levels. Behind `2 to 3` may stand sentences, pages or per cent as well. */
const behind =
  "(?=\\s*(?:$|[.,;:!?()\\n]|(?:where|with|for|in|on|by|how|instead|only|and|or|as|depending|according|based|to|when|if|the|each|every|points?|stars?|scale)\\b))";
const ranges = new RegExp(
  `\\b(?<word>${rates})\\b(?<gap>[^.;\\n\\d]{0,30}?)\\b(?<low>${numeral})(?<join>\\s*(?:to|through|up to|and|-|–|—|\\.\\.)\\s*)(?<high>${numeral})\\b(?!\\.\\d)${behind}`,
  "giu",
);

interface Range {
  low: number;
  high: number;
  /** The text speaks of the whole scale, not of a part: `on a scale from`, `score from 1 to 3.` */
  whole: boolean;
  found: string;
  at: number;
}

function rangesIn(text: string): Range[] {
  return [...text.matchAll(ranges)].flatMap(({ 0: found, index, groups }) => {
    const { word = "", gap = "", low = "", join = "", high = "" } = groups!;
    const between = /\bbetween\s*$/iu.test(gap);
    // `between 1 and 5` is a range, `4 and 5` are two levels.
    if (between !== (join.trim().toLowerCase() === "and")) return [];
    const after = text.slice(index + found.length);
    const ofSome = /^\s*(?:for|when|if|to|only|and|or)\b|^\s*,?\s*(?:where)\s+(?!\d)/iu.test(after);
    const whole =
      /^(?:scale|range)/iu.test(word) ||
      /\b(?:scale|range)\b/iu.test(gap) ||
      (/\b(?:from|between)\s*$/iu.test(gap) && !ofSome);
    return [{ low: numberOf(low), high: numberOf(high), whole, found, at: index }];
  });
}

function otherRange(
  scales: readonly Levels[],
  outputs: readonly Field[],
  stated: string,
  text: string,
): string | undefined {
  const known: { low: number; high: number }[] = [...scales, ...rangesIn(stated)];
  if (known.length === 0) return undefined;
  const others = outputs
    .filter(({ type }) => numbersIn(type).length < 2)
    .map(({ name }) => name.toLowerCase());
  for (const { low, high, whole, found, at } of rangesIn(text)) {
    const same = known.some((range) => range.low === low && range.high === high);
    const part = low <= high && known.some((range) => range.low <= low && high <= range.high);
    if (same || (part && !whole) || isDenied(text, at)) continue;
    // A confidence from 0 to 1 beside a score from 1 to 5 has a range of its own.
    const sentence = sentenceAt(text, at).toLowerCase();
    if (others.some((name) => sentence.includes(name) && !scalesNamed(scales, sentence))) continue;
    return `changes the scale from ${rangeTexts(known)} to ${low} to ${high}: "${found}"`;
  }
  return undefined;
}

function scalesNamed(scales: readonly Levels[], sentence: string): boolean {
  return scales.some(({ words }) => sentence.includes(words.split(" ")[0]!.toLowerCase()));
}

function rangeTexts(known: readonly { low: number; high: number }[]): string {
  return [...new Set(known.map(({ low, high }) => `${low} to ${high}`))].join(", ");
}

const sizes = new RegExp(
  `\\b(?<points>${numeral})[- ]point\\s+(?:scale|rating|score)|\\b(?:scor(?:e|ed|ing)|rat(?:e|ed|ing)|grade|marks?)\\b[^.;\\n\\d]{0,30}?\\bout of (?<most>${numeral})(?=\\s*(?:$|[.,;:!?)\\n]|(?:where|with|instead|points?|stars?)\\b))`,
  "giu",
);

/** `A ten-point scale`, `a score out of 10`. */
function otherSize(scales: readonly Levels[], stated: string, text: string): string | undefined {
  if (scales.length === 0) return undefined;
  const sizesIn = (from: string) =>
    [...from.matchAll(sizes)].map(({ 0: found, groups }) => ({
      found,
      value: numberOf((groups!.points ?? groups!.most)!),
    }));
  const known = new Set([
    ...scales.flatMap(({ high, size }) => [high, size]),
    ...sizesIn(stated).map(({ value }) => value),
  ]);
  const other = sizesIn(text).find(({ value }) => !known.has(value));
  return other && `changes the scale from ${rangeTexts(scales)}: "${other.found}"`;
}

const levelStart = /(?<![\d.])(?<value>\d{1,3})\s*(?:\bis\b|\bmeans\b|=|:)/giu;
const plain = new Set(
  "a an the it its is are was be has have had of to in on at by as for and or with that this these those they where when if what there one some".split(
    " ",
  ),
);

interface Level {
  value: string;
  words: string[];
}

/** What a text says of each level: `5: every claim follows`, `1 is useless`. */
function levelsIn(text: string): Level[] {
  const starts = [...text.matchAll(levelStart)];
  return starts.map(({ 0: found, index, groups }, place) => {
    const begin = index + found.length;
    const said = text.slice(begin, Math.min(begin + 300, starts[place + 1]?.index ?? Infinity));
    const clause = /^[^.;\n]*/u.exec(said)![0].replace(/[\s,]*\b(?:and|while|a|an)\s*$/iu, "");
    return { value: groups!.value!, words: contentWords(clause) };
  });
}

function contentWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !plain.has(word));
}

/** What `stated` says of a level, said of another one. */
function movedLevel(stated: string, text: string): string | undefined {
  const levels = levelsIn(stated);
  if (levels.length < 2) return undefined;
  for (const { value, words } of levelsIn(text)) {
    const says = (level: Level) =>
      words.length === 1
        ? level.words[0] === words[0]
        : words.length > 1 && words.every((word) => level.words.includes(word));
    const same = levels.filter(says);
    if (same.length === 0 || same.some((level) => level.value === value)) continue;
    return `moves "${words.join(" ")}" on the scale from ${same[0]!.value} to ${value}`;
  }
  return undefined;
}

const good = "(?:best|perfect|ideal|excellent|flawless|outstanding)";
const bad = "(?:worst|useless|worthless|terrible|awful|poorest)";
/** Not `best-worded`, not `best supported`, and not `worst of all things to say`. */
const extreme = `(?<extreme>${good}|${bad})(?![-\\p{L}\\p{N}])(?!\\s+(?:\\p{L}+ed|given|left|kept|shown|put|said|met)\\b)`;
const ends = new RegExp(
  `(?<![\\d.])(?<first>\\d{1,3})(?:\\s*(?:=|:|→|->|\\()\\s*|\\s+(?:means|is|being|stands for|denotes|marks|as|for|to)\\s+)(?:(?:the|a|an)\\s+)?${extreme}` +
    `|\\b${extreme.replace("extreme", "last")}(?:\\s+(?:answers?|documents?|texts?|ones?|possible|quality|score|rating|level|end))?(?:\\s*(?:=|:|→|->|\\()\\s*|\\s+(?:is|are|means|gets?|receives?|scores?|earns?|as)\\s+)(?:(?:a|an|the)\\s+)?(?<second>\\d{1,3})(?=\\s*(?:$|[.,;:!?)\\n]|(?:and|while|but|or|to)\\b))`,
  "giu",
);
const comparisons =
  /\b(?:(?<low>lower|smaller)\b[^.;\n]{0,30}?\bbetter|(?<high>higher|larger|greater)\b[^.;\n]{0,30}?\bworse)(?=\s*(?:$|[.,;:!?)\n]|the\b))/giu;
const comparesOnce = /\b(?:doubt|unsure|uncertain|torn|hesitat\p{L}*|between|undecided)\b/iu;

/** 1 where a text says that high levels are good, -1 where it says that low ones are. */
function directionsIn(text: string, { low, high }: Levels): { towards: 1 | -1; found: string }[] {
  const said = [...text.matchAll(ends)].flatMap(({ 0: found, index, groups }) => {
    const value = Number(groups!.first ?? groups!.second);
    if ((value !== low && value !== high) || isDenied(text, index)) return [];
    const isGood = new RegExp(`^${good}$`, "iu").test((groups!.extreme ?? groups!.last)!);
    return [{ towards: isGood === (value === high) ? (1 as const) : (-1 as const), found }];
  });
  const compared = [...text.matchAll(comparisons)].flatMap(({ 0: found, index }) =>
    isDenied(text, index) || comparesOnce.test(sentenceAt(text, index))
      ? []
      : [{ towards: -1 as const, found }],
  );
  return [...said, ...compared];
}

/** A scale whose ends have changed places. Only where the task tells which end is the good one. */
function turnedRound(scales: readonly Levels[], stated: string, text: string): string | undefined {
  // With two scales, it is not to be seen which one is meant.
  if (scales.length > 1) return undefined;
  const range = rangesIn(stated)[0];
  const scale = scales[0] ?? (range && { ...range, size: range.high - range.low + 1, words: "" });
  if (scale === undefined) return undefined;
  const towards = statedDirection(scale, stated);
  const turned = directionsIn(text, scale).find((said) => towards !== undefined && said.towards !== towards);
  return turned && `turns the scale of ${scale.low} to ${scale.high} round: "${turned.found.trim()}"`;
}

const wanting =
  /\b(?:nothing|none|not|contradict\p{L}*|useless|wrong|irrelevant|incorrect|unsupported|fails?|misses|poor|bad)\b/iu;
const alarming =
  /sever|risk|urgen|priorit|damag|danger|toxic|harm|hazard|threat|violen|injur|fatal|\bloss|\blost|critical|emergency|destroy/iu;

/** Which end of the scale is the good one; undefined where the task does not tell. */
function statedDirection(scale: Levels, stated: string): 1 | -1 | undefined {
  const said = new Set(directionsIn(stated, scale).map(({ towards }) => towards));
  if (said.size > 0) return said.size === 1 ? [...said][0] : undefined;
  const rubric = rubricLines(stated);
  const [bottom, top] = [rubric.get(scale.low), rubric.get(scale.high)];
  if (bottom === undefined || top === undefined) return undefined;
  // `1: nothing is damaged` is the good end.
  if (alarming.test(`${top} ${scale.words}`) || wanting.test(top)) return undefined;
  return wanting.test(bottom) ? 1 : undefined;
}

function rubricLines(stated: string): Map<number, string> {
  const lines = stated.matchAll(/(?<![\d.])(\d{1,3})\s*(?:\bis\b|\bmeans\b|=|:)([^.;\n]*)/giu);
  return new Map([...lines].map(([, value, said = ""]) => [Number(value), said]));
}

/** True where what stands at a place is told not to be done. */
export function isDenied(text: string, at: number): boolean {
  return /(?:\b(?:not|never|nor|avoid|without|cannot|even)|n['’]t)\s+(?:[\p{L}\p{N}'’]+\s+){0,3}["'`“‘]?$/iu.test(
    text.slice(Math.max(0, at - 80), at),
  );
}

function sentenceAt(text: string, at: number): string {
  const begin = Math.max(...[".", ";", "\n"].map((end) => text.lastIndexOf(end, at) + 1));
  return /^[^.;\n]*/u.exec(text.slice(begin))![0];
}
