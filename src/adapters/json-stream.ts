import type { FieldDelta } from "./adapter.ts";

/**
 * Reads the members of a JSON object as it arrives: text piece by piece, every other value once it is whole, as
 * its JSON. Only well-formed JSON is read; at the first thing that is not, the stream falls silent.
 */
export class JsonStream {
  private readonly names: readonly string[];
  private buffer = "";
  private at = 0;
  private state: "before" | "key" | "colon" | "value" | "text" | "comma" | "over" = "before";
  private field = "";

  constructor(names: readonly string[]) {
    this.names = names;
  }

  push(text: string): FieldDelta[] {
    const deltas: FieldDelta[] = [];
    if (this.state === "over") return deltas;
    this.buffer = this.buffer.slice(this.at) + text;
    this.at = 0;
    while (this.step(deltas));
    return deltas;
  }

  /** Reads one thing; false where more text is needed. */
  private step(deltas: FieldDelta[]): boolean {
    if (this.state === "before") {
      const start = this.buffer.indexOf("{", this.at);
      this.at = start < 0 ? this.buffer.length : start + 1;
      if (start >= 0) this.state = "key";
      return start >= 0;
    }
    if (this.state === "text") return this.readText(deltas);
    while (/\s/.test(this.buffer[this.at] ?? "")) this.at++;
    const character = this.buffer[this.at];
    if (character === undefined) return false;
    switch (this.state) {
      case "key": {
        const end = character === '"' ? endOfString(this.buffer, this.at) : undefined;
        if (end === undefined) return character === '"' ? false : this.stop();
        this.field = parse(this.buffer.slice(this.at, end)) as string;
        this.at = end;
        this.state = "colon";
        return true;
      }
      case "colon":
        return this.expect(character, ":", "value");
      case "comma":
        return this.expect(character, ",", "key");
      default:
        return character === '"' ? this.startText() : this.readValue(deltas);
    }
  }

  private stop(): false {
    this.state = "over";
    return false;
  }

  private expect(character: string, wanted: string, next: "key" | "value"): boolean {
    if (character !== wanted) return this.stop();
    this.at++;
    this.state = next;
    return true;
  }

  private startText(): boolean {
    this.at++;
    this.state = "text";
    return true;
  }

  private readText(deltas: FieldDelta[]): boolean {
    const start = this.at;
    while (this.at < this.buffer.length && this.buffer[this.at] !== '"') {
      if (this.buffer[this.at] !== "\\") this.at++;
      else {
        const length = this.buffer[this.at + 1] === "u" ? 6 : 2;
        if (this.at + length > this.buffer.length) break;
        this.at += length;
      }
    }
    if (this.at > start) {
      // Raw line breaks in text are the commonest slip, and harmless.
      const inside = this.buffer.slice(start, this.at).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
      const text = parse(`"${inside}"`);
      if (typeof text !== "string") return this.stop();
      this.give(text, deltas);
    }
    if (this.buffer[this.at] !== '"') return false;
    this.at++;
    this.state = "comma";
    return true;
  }

  /** Reads a value that is no text, once what follows it shows that it is whole. */
  private readValue(deltas: FieldDelta[]): boolean {
    let depth = 0;
    for (let at = this.at; at < this.buffer.length; at++) {
      const character = this.buffer[at]!;
      if (character === '"') {
        const end = endOfString(this.buffer, at);
        if (end === undefined) return false;
        at = end - 1;
      } else if (character === "{" || character === "[") depth++;
      else if (depth > 0 && (character === "}" || character === "]")) depth--;
      else if (depth === 0 && /[,}]/.test(character)) {
        const source = this.buffer.slice(this.at, at).trim();
        if (parse(source) === undefined) return this.stop();
        this.give(source, deltas);
        this.at = at;
        this.state = "comma";
        return true;
      }
    }
    return false;
  }

  private give(delta: string, deltas: FieldDelta[]): void {
    if (this.names.includes(this.field)) deltas.push({ field: this.field, delta });
  }
}

/** Where the string that starts at `at` ends, past its quote; undefined where it does not. */
function endOfString(text: string, at: number): number | undefined {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === '"') return end + 1;
  }
  return undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
