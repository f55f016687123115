/** Letters of other scripts that look like Latin ones (a selection of Unicode's confusables). */
const lookAlikes = new Map(
  Object.entries({
    а: "a", с: "c", ԁ: "d", е: "e", һ: "h", і: "i", ј: "j", к: "k", м: "m", н: "h", о: "o", р: "p", ѕ: "s", т: "t",
    у: "y", в: "b", х: "x", ѵ: "v", ԝ: "w", α: "a", ε: "e", η: "n", ι: "i", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t",
    υ: "u", χ: "x", ı: "i", ɡ: "g", ł: "l",
  }),
); // prettier-ignore

const digitsForLetters = new Map(
  Object.entries({ 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s" }),
);

/** Characters of a text that are read at most: what is longer is read in part. */
const most = 100_000;

/**
 * A text as different readers would take it, in lower case and without accents: as it looks, and, where it may hide
 * something, decoded. The first is what it looks like; there are at most nine.
 */
export function readingsOf(text: string): string[] {
  const given = text.slice(0, most);
  const plain = asItLooks(given);
  const decoded = [...hidden(given)].map(asItLooks);
  return [
    ...new Set([
      plain,
      ...decoded,
      swapDigits(plain),
      joinSpaced(given),
      rotate(plain),
      [...plain].reverse().join(""),
    ]),
  ].filter((reading) => reading !== "");
}

/** In lower case, without characters that cannot be seen, in plain Latin letters. */
function asItLooks(text: string): string {
  const seen = text
    .replace(/\p{Cf}/gu, "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();
  return replaceEach(seen, lookAlikes).replace(/[ \t\u00a0]+/g, " ");
}

function replaceEach(text: string, by: ReadonlyMap<string, string>): string {
  let replaced = "";
  for (const letter of text) replaced += by.get(letter) ?? letter;
  return replaced;
}

/** `1gn0r3` as `ignore`, in words of both digits and letters. */
function swapDigits(text: string): string {
  return text.replace(/[\p{L}\d@$]+/gu, (word) =>
    /\p{L}/u.test(word) ? replaceEach(word, digitsForLetters) : word,
  );
}

/** `i g n o r e   a l l` as `ignore all`. */
function joinSpaced(text: string): string {
  const joined = text
    .replace(/\p{Cf}/gu, "")
    .replace(/(?<![\p{L}\d])(?:\p{L}[ .\-_*]){4,}\p{L}(?![\p{L}\d])/gu, (run) =>
      run.replace(/[ .\-_*]/g, ""),
    );
  return asItLooks(joined);
}

function rotate(text: string): string {
  return text.replace(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97),
  );
}

/** What base64, hexadecimal and percent signs in a text stand for, where it is text. */
function* hidden(text: string): Generator<string> {
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([run]) => Buffer.from(run, "base64"));
  const hexadecimal = [...text.matchAll(/(?:[0-9a-f]{2}){8,}/gi)].map(([run]) => Buffer.from(run, "hex"));
  for (const pieces of [base64, hexadecimal]) {
    const readable = pieces.map((bytes) => bytes.toString()).filter(isText);
    if (readable.length > 0) yield readable.join(" ");
  }
  if (/%[0-9a-f]{2}/i.test(text)) {
    yield text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll("%", ""), "hex").toString(),
    );
  }
}

/** True where nearly all is printable: decoded serial numbers are not. */
function isText(decoded: string): boolean {
  const printable = decoded.replace(/[^\p{L}\p{N}\p{P}\p{Zs}]/gu, "").replaceAll("\ufffd", "");
  return decoded.length >= 8 && printable.length / decoded.length > 0.9;
}
