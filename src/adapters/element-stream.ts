import type { FieldDelta } from "./adapter.ts";
import { decodeEntities } from "./elements.ts";

/** Reads the elements of `names` as they arrive; of a repeated one the first counts. */
export class ElementStream {
  private readonly names: readonly string[];
  private readonly opening: RegExp;
  private readonly seen = new Set<string>();
  private buffer = "";
  private field: string | undefined;
  private tag = "";
  private started = false;

  constructor(names: readonly string[]) {
    this.names = names;
    this.opening = new RegExp(`<(${names.join("|")})(?:\\s[^<>]*)?>`, "i");
  }

  push(text: string): FieldDelta[] {
    const deltas: FieldDelta[] = [];
    this.buffer += text;
    while (this.field === undefined ? this.open() : this.read(deltas));
    return deltas;
  }

  private open(): boolean {
    const match = this.opening.exec(this.buffer);
    if (!match) {
      const bracket = this.buffer.lastIndexOf("<");
      this.buffer = bracket < 0 || this.buffer.length - bracket > 1_000 ? "" : this.buffer.slice(bracket);
      return false;
    }
    this.buffer = this.buffer.slice(match.index + match[0].length);
    if (match[0].endsWith("/>")) return true;
    this.tag = match[1]!;
    this.field =
      this.names.find((name) => name === this.tag) ??
      this.names.find((name) => name.toLowerCase() === this.tag.toLowerCase())!;
    this.started = false;
    return true;
  }

  private read(deltas: FieldDelta[]): boolean {
    const close = new RegExp(`</${this.tag}\\s*>`, "i").exec(this.buffer);
    const end = close ? close.index : this.certain();
    let body = this.buffer.slice(0, end);
    if (!this.started) body = body.trimStart();
    const ready = body.trimEnd();
    if (ready !== "") {
      this.started = true;
      if (!this.seen.has(this.field!)) deltas.push({ field: this.field!, delta: decodeEntities(ready) });
    }
    if (!close) {
      // White space that may be the last waits for what follows it.
      this.buffer = (this.started ? body.slice(ready.length) : "") + this.buffer.slice(end);
      return false;
    }
    this.buffer = this.buffer.slice(close.index + close[0].length);
    this.seen.add(this.field!);
    this.field = undefined;
    return true;
  }

  /** Up to where the buffer cannot be part of the closing tag or of an entity. */
  private certain(): number {
    const { buffer } = this;
    const bracket = buffer.lastIndexOf("<");
    const end = bracket >= 0 && buffer.length - bracket <= this.tag.length + 20 ? bracket : buffer.length;
    const ampersand = buffer.lastIndexOf("&", end - 1);
    return ampersand >= 0 && end - ampersand <= 10 && !buffer.slice(ampersand, end).includes(";")
      ? ampersand
      : end;
  }
}
