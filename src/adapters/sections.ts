import type { FieldDelta } from "./adapter.ts";
import { matchName } from "./coerce.ts";

/** The marker that DSPy's chat format starts a field with. */
export function marker(name: string): string {
  return `[[ ## ${name} ## ]]`;
}

/** The name that ends a reply, in a marker of its own. */
export const completed = "completed";

/** Keeps text from being taken for a marker: `[[ ## x` becomes `[\[ ## x`. */
export function escapeMarkers(text: string): string {
  return text.replace(/\[(\\*)\[(?=\s*#)/g, "[\\$1[");
}

function unescapeMarkers(text: string): string {
  return text.replace(/\[\\(\\*)\[(?=\s*#)/g, "[$1[");
}

// As models write it: in bold or as a heading, with spaces or signs missing.
const looseMarker = /^[\s*#>`]*\[\[\s*#{1,3}\s*(\w+)\s*#{0,3}\s*\]{1,2}[*`:]*/;
const strictMarker = /^\s*\[\[ ## (\w+) ## \]\]/;
const inlineEnd = /\[\[ ?## ?completed ?## ?\]\]/i;

/**
 * Splits a reply into sections as it arrives. A section starts with a marker at the start of a line and goes on
 * to the next marker; of a repeated one the first counts, as in DSPy. What `push` and `end` give, put together,
 * is the text of each section without white space around it.
 */
export class SectionReader {
  /** What stood before the first marker. */
  preamble = "";
  /** Names of the sections that have begun. */
  readonly begun = new Set<string>();
  /** True once the last section that was begun is known to be whole. */
  closed = true;

  private readonly names: readonly string[];
  private section: string | undefined;
  private line = "";
  private inLine = false;
  private pending = "";
  private started = false;

  constructor(names: readonly string[]) {
    this.names = names;
  }

  push(text: string): FieldDelta[] {
    const deltas: FieldDelta[] = [];
    const lines = (this.line + text).split("\n");
    this.line = lines.pop()!;
    for (const line of lines) {
      this.take(`${line}\n`, deltas);
      this.inLine = false;
    }
    if (!this.inLine && mayBeMarker(this.line)) return deltas;
    const safe = beforeInlineEnd(this.line);
    if (safe > 0) {
      this.take(this.line.slice(0, safe), deltas);
      this.line = this.line.slice(safe);
      this.inLine = true;
    }
    return deltas;
  }

  end(): FieldDelta[] {
    const deltas: FieldDelta[] = [];
    // Half a marker at the very end is no text of the section before it.
    if (!this.inLine && /^\s*\[\[\s*#[^\]]*\]?$/.test(this.line)) this.begin("", deltas);
    else this.take(this.line, deltas);
    this.line = "";
    this.release(deltas, true);
    return deltas;
  }

  private take(line: string, deltas: FieldDelta[]): void {
    const found = this.inLine ? undefined : this.findMarker(line);
    if (found) {
      this.begin(found.name, deltas);
      line = line.slice(found.length);
    }
    const end = this.names.includes(completed) ? null : inlineEnd.exec(line);
    this.add(end ? line.slice(0, end.index) : line, deltas);
    if (end) this.begin(completed, deltas);
  }

  private findMarker(line: string): { name: string; length: number } | undefined {
    const loose = looseMarker.exec(line);
    const known = loose && matchName(loose[1]!, [...this.names, completed]);
    if (known) return { name: known, length: loose[0].length };
    const strict = strictMarker.exec(line);
    return strict ? { name: strict[1]!, length: strict[0].length } : undefined;
  }

  private begin(name: string, deltas: FieldDelta[]): void {
    this.release(deltas, true);
    const wanted = this.names.includes(name) && !this.begun.has(name) && !this.begun.has(completed);
    this.begun.add(name);
    this.section = wanted ? name : "";
    this.closed = !wanted;
    this.started = false;
  }

  private add(text: string, deltas: FieldDelta[]): void {
    if (this.section === undefined) this.preamble += text;
    else if (this.section !== "") {
      this.pending += text;
      this.release(deltas, false);
    }
  }

  /** Gives out what is certain to belong to the section: not white space that may be its end. */
  private release(deltas: FieldDelta[], whole: boolean): void {
    if (!this.started) this.pending = this.pending.trimStart();
    let end = this.pending.trimEnd().length;
    if (!whole) end = beforeEscape(this.pending, end);
    const ready = this.pending.slice(0, end);
    this.pending = whole ? "" : this.pending.slice(end);
    if (ready === "" || !this.section) return;
    this.started = true;
    deltas.push({ field: this.section, delta: unescapeMarkers(ready) });
  }
}

/** Whether the start of a line may become a marker, or a longer one. */
function mayBeMarker(line: string): boolean {
  return line.length < 200 && /^[\s*#>`]*(?:\[(?:\[[^\]]*\]{0,2}[*`:]*)?)?$/.test(line);
}

/** Up to where a line cannot hold the start of the marker that ends the reply. */
function beforeInlineEnd(line: string): number {
  const bracket = line.lastIndexOf("[[");
  if (bracket >= 0 && line.length - bracket < marker(completed).length) return bracket;
  return line.endsWith("[") ? line.length - 1 : line.length;
}

/** `end`, or where an escaped marker starts that may run into it. */
function beforeEscape(text: string, end: number): number {
  let at = end;
  if (text[at - 1] === "[") at--;
  while (text[at - 1] === "\\") at--;
  if (text[at - 1] === "[") return at - 1;
  return text[end - 1] === "[" ? end - 1 : end;
}
