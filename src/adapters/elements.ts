import type { FieldType } from "../signature/index.ts";
import { readList } from "./coerce.ts";

/** An element of XML as a model writes it. */
export interface Element {
  readonly name: string;
  /** What stands between its tags, as written. */
  readonly body: string;
  /** Where it stands, tags included. */
  readonly start: number;
  readonly end: number;
  /** False where an element of its name was opened within it and not closed: it may be two. */
  readonly whole: boolean;
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
      elements.push({ name: named, body: "", start: match.index, end: opening.lastIndex, whole: true });
      continue;
    }
    if (unclosed.has(tag.toLowerCase())) continue;
    // Looking for the end of each of many elements that have none would take for ever.
    if (unclosed.size > 50) break;
    const start = opening.lastIndex;
    const end = findEnd(text, tag, start);
    if (!end) unclosed.add(tag.toLowerCase());
    else {
      const body = text.slice(start, end.start);
      elements.push({ name: named, body, start: match.index, end: end.end, whole: end.whole });
      opening.lastIndex = end.end;
    }
  }
  return elements;
}

interface End {
  start: number;
  end: number;
  whole: boolean;
}

/** The closing tag that belongs to an element whose body starts at `from`; elements of one name may nest. */
function findEnd(text: string, tag: string, from: number): End | undefined {
  const tags = new RegExp(`<(/?)${tag}(?:\\s[^<>]*)?>`, "gi");
  tags.lastIndex = from;
  let depth = 1;
  let last: End | undefined;
  for (let match = tags.exec(text); match; match = tags.exec(text)) {
    if (match[1] === "/") {
      depth--;
      last = { start: match.index, end: tags.lastIndex, whole: depth === 0 };
      if (depth === 0) return last;
    } else if (!match[0].endsWith("/>")) depth++;
  }
  return last;
}

/** The elements that a body consists of; undefined where it holds other text too, or a tag without its other one. */
function readChildren(body: string): Element[] | undefined {
  const children = readElements(body);
  return children.length > 0 && isBlank(outside(body, children)) && children.every(({ whole }) => whole)
    ? children
    : undefined;
}

/** What of `text` stands in none of `elements`. */
function outside(text: string, elements: readonly Element[]): string {
  const starts = [...elements.map(({ start }) => start), text.length];
  return starts.map((start, index) => text.slice(elements[index - 1]?.end ?? 0, start)).join(" ");
}

function isBlank(text: string): boolean {
  return text.replace(/<!--[^<>]*-->/g, "").trim() === "";
}

/**
 * Whether `all`, the elements of one name in `text`, may not be all that were written: one was left open, or holds
 * the start of another.
 */
export function isBroken(text: string, all: readonly Element[]): boolean {
  const tag = new RegExp(`</?${all[0]!.name}[\\s/>]`, "i");
  const endsInTag = /<\/?[\w.-]*$/.test(text.trimEnd());
  return endsInTag || all.some(({ whole }) => !whole) || tag.test(outside(text, all));
}

/**
 * The bodies of all elements of a field as JSON would hold them: a list by its `<item>` elements or by
 * repeating the field, an object by an element a key, as DSPy asks for them. Text stays text, and so does what
 * is broken off, which then is no list or object.
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
      const text = decodeEntities(body).trim();
      if (/^\s*\[/.test(body)) return readList(text) ?? text;
      const children = readChildren(body);
      if (children?.every(({ name }) => name.toLowerCase() === "item")) {
        return children.map((item) => elementsToValue(inner.item, [item.body]));
      }
      if (/<\/?item[\s/>]/i.test(body)) return text;
      // Since a list is written by repeating the element, one element is a list of one, unless it starts several.
      return readList(text) ?? (startsSeveral(text) ? text : [text]);
    }
    case "record":
    case "object":
    case "zod":
      return objectOf(inner, body) ?? decodeEntities(body).trim();
    default:
      return decodeEntities(body).trim();
  }
}

/** Whether text that is no list as it stands holds a bullet, or a quote and behind it a comma. */
function startsSeveral(text: string): boolean {
  const quote = text.search(/(?:^|[[(])\s*["'“‘]/);
  return (quote >= 0 && text.includes(",", quote)) || /^[ \t]*(?:[-*•]|\d+[.)])(?:\s|$)/m.test(text);
}

function objectOf(type: FieldType, body: string): Record<string, unknown> | undefined {
  if (/^\s*[{[]/.test(body)) return undefined;
  const children = readChildren(body);
  if (!children) return undefined;
  const bodies = new Map<string, string[]>();
  for (const { name, body: each } of children) bodies.set(name, [...(bodies.get(name) ?? []), each]);
  const typeOf = (name: string): FieldType => {
    if (type.kind === "record") return type.value;
    const known = type.kind === "object" ? type.fields.find((property) => property.name === name) : undefined;
    return known?.type ?? { kind: "any" };
  };
  return Object.fromEntries([...bodies].map(([name, all]) => [name, elementsToValue(typeOf(name), all)]));
}
