const units = "zero one two three four five six seven eight nine";
const teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const tens = "twenty thirty forty fifty sixty seventy eighty ninety";
const powers = "hundred thousand million billion trillion";
const ordinals =
  "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth " +
  "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth " +
  "ninetieth hundredth thousandth millionth billionth";
const parts =
  "half halves third quarter fifth tenth double triple quadruple quintuple twice thrice once twofold threefold tenfold " +
  "dozen score couple pair majority nil";

const counted = [units, teens, tens, powers, ordinals, parts].flatMap((words) => words.split(" "));
const plural = (word: string) =>
  word.endsWith("y") ? `${word.slice(0, -1)}ies` : word === "six" ? "sixes" : `${word}s`;
const numberWords = new Set([
  ...counted,
  ...counted.map(plural),
  "doubled",
  "tripled",
  "halved",
  "quadrupled",
]);

/** Digits of any script, numerals such as ½ and Ⅻ, those of Chinese and Japanese, and signs that go with numbers. */
const numerals = /[\p{Nd}\p{Nl}\p{No}〇一二三四五六七八九十百千万亿萬億%‰$€£¥]/u;
/** Two letters and more: I is a pronoun, and a lone X a mark. */
const roman = /^(?=[MDCLXVI]{2})M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$/;

/**
 * The first thing in a text that says a number, in digits or in English words, ordinals and fractions among them;
 * undefined where nothing does. Letters that look alike are told apart by NFKC, and characters that do not show are taken
 * out before, so that neither can hide one. Numbers in words of other languages are not known.
 */
export function numberIn(text: string): string | undefined {
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const numeral = numerals.exec(plain) ?? numerals.exec(text);
  if (numeral)
    return /[\p{N}\p{L}]*[\p{N}%‰$€£¥〇-鿿](?:[.,]?[\p{N}\p{L}%])*/u.exec(plain)?.[0] ?? numeral[0];
  for (const [word] of plain.matchAll(/\p{L}+/gu))
    if (numberWords.has(word.toLowerCase()) || roman.test(word)) return word;
  return undefined;
}
