import type { FieldType } from "../signature/index.ts";
import { readList } from "./coerce.ts";

/** An element of XML as a model writes it. */
export interface Element {
  readonly name: string;
  /** What stands between its tags, as written. */
  readonly body: string;
}

/** Keeps text from being taken for a tag of one of `names`, or for an entity; all else stays as it is. */
export function escapeTags(names: readonly string[], text: string): string {
  const tags = new RegExp(`<(?=/?(?:${names.join("|")})[\\s/>])`, "gi");
  return text
    .replace(/&(?=(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi, "&amp;")
    .replace(tags, "&lt;");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The text that a body stands for. A stray `&` or `<` stands for itself. */
export function decodeEntities(body: string): string {
  return body.replace(
    /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi,
    (whole, name: string | undefined, decimal: string | undefined, hexadecimal: string | undefined) => {
      if (name !== undefined) return entities[name.toLowerCase()]!;
      const code = decimal !== undefined ? parseInt(decimal, 10) : parseInt(hexadecimal!, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** The outermost elements of a text; only those of `names`, in any case, where these are given. */
export function readElements(text: string, names?: readonly string[]): Element[] {
  const elements: Element[] = [];
  const name = names ? names.join("|") : "[A-Za-z_][\\w.-]*";
  const opening = new RegExp(`<(${name})(\\s[^<>]*)?>|<(${name})\\s*/>`, "gi");
  const unclosed = new Set<string>();
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const tag = (match[1] ?? match[3])!;
    const key = /^\s+key="([^"]*)"/.exec(match[2] ?? "")?.[1];
    const named = key === undefined ? tag : decodeEntities(key);
    if (match[3] !== undefined || match[2]?.endsWith("/")) {
      elements.push({ name: named, body: "" });
      continue;
    }
    if (unclosed.has(tag.toLowerCase())) continue;
    // Looking for the end of each of many elements that have none would take for ever.
    if (unclosed.size > 50) break;
    const start = opening.lastIndex;
    const end = findEnd(text, tag, start);
    if (!end) unclosed.add(tag.toLowerCase());
    else {
      elements.push({ name: named, body: text.slice(start, end.start) });
      opening.lastIndex = end.end;
    }
  }
  return elements;
}

/** The closing tag that belongs to an element whose body starts at `from`; elements of one name may nest. */
function findEnd(text: string, tag: string, from: number): { start: number; end: number } | undefined {
  const tags = new RegExp(`<(/?)${tag}(?:\\s[^<>]*)?>`, "gi");
  tags.lastIndex = from;
  let depth = 1;
  let last: { start: number; end: number } | undefined;
  for (let match = tags.exec(text); match; match = tags.exec(text)) {
    if (match[1] === "/") {
      depth--;
      last = { start: match.index, end: tags.lastIndex };
      if (depth === 0) return last;
    } else if (!match[0].endsWith("/>")) depth++;
  }
  return last;
}

/**
 * The bodies of all elements of a field as JSON would hold them: a list by its `<item>` elements or by
 * repeating the field, an object by an element a key, as DSPy asks for them. Text stays text.
 */
export function elementsToValue(type: FieldType, bodies: readonly string[]): unknown {
  const inner = type.kind === "optional" ? type.inner : type;
  const body = bodies[0]!;
  const blank = body.trim() === "";
  if (type.kind === "optional" && blank) return null;
  switch (inner.kind) {
    case "list": {
      if (bodies.length > 1) return bodies.map((each) => elementsToValue(inner.item, [each]));
      if (blank) return [];
      const children = readElements(body);
      if (children.length > 0 && children.every(({ name }) => name.toLowerCase() === "item")) {
        return children.map((item) => elementsToValue(inner.item, [item.body]));
      }
      const text = decodeEntities(body).trim();
      // Since a list is written by repeating the element, one element is a list of one.
      return readList(text) ?? [text];
    }
    case "record":
    case "object":
    case "zod":
      return objectOf(inner, body) ?? decodeEntities(body).trim();
    default:
      return decodeEntities(body).trim();
  }
}

function objectOf(type: FieldType, body: string): Record<string, unknown> | undefined {
  if (/^\s*[{[]/.test(body)) return undefined;
  const bodies = new Map<string, string[]>();
  for (const { name, body: each } of readElements(body))
    bodies.set(name, [...(bodies.get(name) ?? []), each]);
  if (bodies.size === 0) return undefined;
  const typeOf = (name: string): FieldType => {
    if (type.kind === "record") return type.value;
    const known = type.kind === "object" ? type.fields.find((property) => property.name === name) : undefined;
    return known?.type ?? { kind: "any" };
  };
  return Object.fromEntries([...bodies].map(([name, all]) => [name, elementsToValue(typeOf(name), all)]));
}
