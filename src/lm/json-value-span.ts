/**
 * Where the value of a top-level member stands in the text of a JSON object: `text.slice(start, end)` is the value
 * as written. Undefined where the text is no such object.
 */
export function jsonValueSpan(text: string, member: string): { start: number; end: number } | undefined {
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  let depth = 0;
  let key: string | undefined;
  let start: number | undefined;
  let end = 0;
  for (const { 0: token, index } of tokens) {
    if (token === "{" || token === "[") depth++;
    const closes = token === "}" || token === "]";
    if (closes) depth--;
    if (start !== undefined && ((token === "," && depth === 1) || depth === 0)) return { start, end };
    if (depth === 1 && key === undefined && token.startsWith('"')) key = token;
    else if (depth === 1 && token === ",") key = undefined;
    else if (key === JSON.stringify(member) && token !== ":") start ??= index;
    end = index + token.length;
  }
  return undefined;
}
