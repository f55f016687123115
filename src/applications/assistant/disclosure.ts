/** An address, also as the target of a Markdown link or image: its text is kept, the address goes. */
const addresses =
  /!?\[([^\]\n]{0,200})\]\(\s*([^)\s]{1,2000})[^)\n]{0,200}\)|\b(?:https?|ftp|data|javascript):[^\s<>()"'`]{1,2000}/giu;

/** A text without the addresses that do not stand in `sources`, letter for letter, and without images. */
export function withoutStrangeAddresses(
  text: string,
  sources: readonly string[],
): { text: string; removed: number } {
  let removed = 0;
  const kept = text.replace(
    addresses,
    (whole: string, label: string | undefined, target: string | undefined) => {
      const known = sources.some((source) => source.includes(target ?? whole));
      // An image is fetched without anybody's click.
      if (known && !whole.startsWith("!")) return whole;
      removed++;
      return label ? `${label} [address left out]` : "[address left out]";
    },
  );
  return { text: kept, removed };
}

/** Words in a row that are no accident. */
const run = 10;

/** True where a text repeats ten words in a row of one that is to stay inside. */
export function repeats(text: string, inside: readonly string[]): boolean {
  const said = wordsOf(text);
  if (said.length < run) return false;
  const runs = new Set(said.slice(run - 1).map((_, at) => said.slice(at, at + run).join(" ")));
  return inside.some((hidden) => {
    const words = wordsOf(hidden);
    return words.some((_, at) => at + run <= words.length && runs.has(words.slice(at, at + run).join(" ")));
  });
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
