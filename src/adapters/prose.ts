/**
 * Whether what stands before and behind a list or an object is prose: words that bring it in (`Here you are:`,
 * `The list is`, a fence), and whole sentences besides. What may be a further entry is none, such as a bullet, a
 * line without a full stop, or what follows a comma.
 *
 * @param plain - true where the value itself may be prose (`[RFC 9110]`): then there may be no other lines.
 */
export function isProse(before: string, after: string, plain: boolean): boolean {
  if (/<\/?[a-z]/i.test(before) || /<\/?[a-z]/i.test(after)) return false;
  const fence = /(?:^|\n)\s*```\w{0,20}$/.exec(before.trimEnd().slice(-40));
  if (fence) {
    const behind = after.trimStart();
    if (behind !== "" && !behind.startsWith("```")) return false;
    const ahead = before.slice(0, before.lastIndexOf("```"));
    return [...linesOf(ahead), ...linesOf(behind.slice(3))].every((line) => !mayBeEntry(line));
  }
  const lines = linesOf(withoutMarks(before));
  const introduction = lines.pop();
  if (introduction !== undefined && !introduces(introduction)) return false;
  const stop = /^[`*_ \t]*(?:[.!。][`*_]*(?=\s|$)|(?=\r?\n|$))/.exec(after);
  if (!stop) return false;
  const others = [...lines, ...linesOf(after.slice(stop[0].length))];
  return others.every(isSentence) && !(plain && others.length > 0);
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** `text` without the white space, and the marks of bold or code, at its end. */
function withoutMarks(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s`*_]/.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `The list is`, `Here you are:` or `tags =`, but not `a: 1, b:`, which has said an entry already. */
function introduces(line: string): boolean {
  const label = /^["']?\w{1,100}["']?\s*:$/.test(line);
  const points = /(?:[:：=→]|->|\b(?:is|are|was|were|be|follows))$/i.test(line);
  const commas = line.split(",").length - 1;
  return label || (points && commas < 2 && !/[:：=;|"“[{]/.test(line.slice(0, -1)) && !mayBeEntry(line));
}

function isSentence(line: string): boolean {
  return /[.!?:…。][`*_)]*$/.test(line) && !/["“[{]/.test(line) && !mayBeEntry(line);
}

/** A bullet or a number in front, quotes or brackets, a number, a single word, or a key with its value. */
function mayBeEntry(line: string): boolean {
  return (
    /^(?:[-*+•–]\s|["'“‘«[({,;|#]|[-+.]?\d)/.test(line) ||
    (/^\S+$/.test(line) && !/[:!]$/.test(line)) ||
    /^[\w-]+\s*[:=]\s*\S+$/.test(line)
  );
}
