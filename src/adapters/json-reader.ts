import { isProse } from "./prose.ts";

/**
 * Reads JSON as models write it: in prose or fences, with single or typographic quotes, Python's literals and
 * tuples, comments, unquoted keys and words, trailing commas, quotes that were not escaped, and brackets that
 * were not closed. What could mean two things is not read at all.
 *
 * The time taken is linear in the text, whatever the text is.
 */
export interface ReadOptions {
  /**
   * True where the reply is known to have been cut off: then nothing that stands at its very end is trusted,
   * since `[1, 2` may have been on its way to `[1, 25, 3]`. Otherwise such brackets are taken as forgotten. A
   * string without its closing quote is never trusted.
   */
  cut?: boolean | undefined;
}

/** A member of an object, with the text its value was read from. */
export interface Member {
  readonly value: unknown;
  readonly source: string;
}

/** An object found in a text: its whole members, the last of each name, and where it stands. */
export interface FoundObject {
  readonly members: ReadonlyMap<string, Member>;
  /** False where the text ends within a member: what that one, and any after it, would have said is lost. */
  readonly whole: boolean;
  readonly start: number;
  readonly end: number;
}

/** The text holds no JSON that can be read. */
export const unreadable: unique symbol = Symbol("unreadable");

/**
 * The one JSON value in `text`: the whole text, or the only list or object in prose. {@link unreadable} where there
 * is none or are several, or where the text around it may hold more than prose.
 */
export function readJson(text: string, options: ReadOptions = {}): unknown {
  const whole = readWhole(text, options);
  return whole === unreadable ? readInProse(text, options) : whole;
}

/** The only list or object in prose, else {@link unreadable}. */
export function readInProse(text: string, options: ReadOptions = {}): unknown {
  const [found, other] = containers(text, "[{", options);
  if (!found || other) return unreadable;
  const plain = !/^.\s*["'“‘\d{[(\]}-]/.test(text.slice(found.start, found.start + 100));
  return isProse(text.slice(0, found.start), text.slice(found.end), plain) ? found.value : unreadable;
}

/** The JSON value that is the whole of `text`, else {@link unreadable}. */
export function readWhole(text: string, options: ReadOptions = {}): unknown {
  const reader = new Reader(text, options);
  const value = reader.attempt(() => reader.value("whole", 0));
  return value !== unreadable && reader.atEnd() ? value : unreadable;
}

/** The objects in `text` that stand in no other one, in order. Members that were cut off are left out. */
export function readObjects(text: string, options: ReadOptions = {}): FoundObject[] {
  return [...containers(text, "{", options)].map(({ value, start, end }) => ({
    ...(value as Pick<FoundObject, "members" | "whole">),
    start,
    end,
  }));
}

/** The lists and objects in a text, outermost only. Where only objects are asked for, as their members. */
function* containers(
  text: string,
  openers: "{" | "[{",
  options: ReadOptions,
): Generator<{ value: unknown; start: number; end: number }> {
  const reader = new Reader(text, options);
  const opener = openers === "{" ? /\{/g : /[[{]/g;
  for (let match = opener.exec(text); match; match = opener.exec(text)) {
    const start = match.index;
    reader.at = start;
    const value = reader.attempt(() => (openers === "{" ? reader.members() : reader.value("whole", 0)));
    if (value === unreadable) {
      if (reader.exhausted) return;
      continue;
    }
    yield { value, start, end: reader.at };
    opener.lastIndex = reader.at;
  }
}

// Thrown to leave a value that cannot be read; made once, since making an error is slow.
const malformed = new Error("malformed");
const cutOff = new Error("cut off");

const maxDepth = 100;
const closers: Readonly<Record<string, string>> = { '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’" };
const words: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null,
};
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const bareKey = /[\w$.-]+/y;
const bareWord = /(?:(?!\/[/*])[^,:{}[\]()"'`“”‘’#\n\u200b\u2060])+/y;
const blank = /[\s\u200b\u2060\ufeff]+/y;
const bareKeyAhead = /[\w$.-]{1,200}\s{0,100}:/y;
const bareMemberAhead =
  /[\w$.-]{1,200}\s{0,100}:\s{0,100}(?:["'“‘\d{[(-]|(?:true|false|null|True|False|None)\b)/y;
const valueAhead = /["'“‘\d{[(\]-]|(?:true|false|null|True|False|None)\b/y;

type Place = "whole" | "list" | "object" | "object with bare keys";

/**
 * Whether a string of `pieces`, parted by quotes that were not escaped, may be several without a comma between:
 * were every quote the end or the start of a string, what stands outside of them would part entries, as in
 * `"a" "b"` or `"a" b, "c"`.
 */
function maybeSeveral(pieces: readonly string[], closer: string, place: Place): boolean {
  const between = closer === "”" || closer === "’" ? /^([^“‘]*)[“‘]/ : undefined;
  return pieces.some((piece, index) => {
    const gap = between ? index > 0 && between.exec(piece)?.[1] : index % 2 === 1 && piece;
    if (typeof gap !== "string") return false;
    if (place !== "list") return /[\w$.-]\s{0,20}:\s{0,20}$/.test(gap.slice(-50));
    return /^[^\p{L}\p{N}]*$/u.test(gap) || /,\s{0,20}$/.test(gap.slice(-21)) || /^\s(?:[^]*\s)?$/.test(gap);
  });
}

class Reader {
  at = 0;
  private readonly text: string;
  private readonly cut: boolean;
  private work: number;
  /** True once a comment has taken up the rest of the text, and with it what may have been entries. */
  private endsInComment = false;

  constructor(text: string, { cut = false }: ReadOptions) {
    this.text = text;
    this.cut = cut;
    // Hostile text can make every bracket start a long reading that fails at its end.
    this.work = 1_000 + 12 * text.length;
  }

  get exhausted(): boolean {
    return this.work < 0;
  }

  /** What `read` gives, or {@link unreadable} where it cannot. */
  attempt<T>(read: () => T): T | typeof unreadable {
    this.work -= 50;
    try {
      return read();
    } catch (error) {
      if (error === malformed || error === cutOff) return unreadable;
      throw error;
    }
  }

  /** Skips what has no meaning; true where nothing else is left. */
  atEnd(): boolean {
    this.skip();
    return this.at >= this.text.length;
  }

  value(place: Place, depth: number): unknown {
    // Nothing sensible nests so deep, and trying again from each bracket would take for ever.
    if (depth > maxDepth) this.work = 0;
    this.spend(1);
    if (this.atEnd()) throw cutOff;
    const character = this.text[this.at]!;
    if (character === "{") return this.object(depth);
    if (character === "[") return this.list("]", depth);
    if (character === "(") return this.list(")", depth);
    if (closers[character] !== undefined) return this.string(place);
    return this.word(place);
  }

  /** The members of the object that starts here; what is whole is kept where the text ends within it. */
  members(): Pick<FoundObject, "members" | "whole"> {
    const members = new Map<string, Member>();
    let whole = true;
    try {
      this.eachMember(0, (key, value, source) => members.set(key, { value, source }));
    } catch (error) {
      if (error !== cutOff) throw error;
      this.at = this.text.length;
      whole = false;
    }
    return { members, whole };
  }

  private object(depth: number): unknown {
    const object: Record<string, unknown> = {};
    this.eachMember(depth, (key, value) => {
      // Assigning `__proto__` would change what the object inherits.
      if (key === "__proto__") {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      } else object[key] = value;
    });
    return object;
  }

  private eachMember(depth: number, add: (key: string, value: unknown, source: string) => void): void {
    this.at++;
    let place: Place = "object";
    for (;;) {
      if (this.atEnd()) throw cutOff;
      if (this.take("}")) return;
      const quoted = closers[this.text[this.at]!] !== undefined;
      if (!quoted) place = "object with bare keys";
      const key = quoted ? this.key() : this.match(bareKey);
      if (key === undefined) throw malformed;
      if (this.atEnd()) throw cutOff;
      if (!this.take(":")) throw malformed;
      if (this.atEnd()) throw cutOff;
      const start = this.at;
      const value = this.value(place, depth + 1);
      add(key, value, this.text.slice(start, this.at).trim());
      if (this.atEnd()) {
        if (this.cut || this.endsInComment) throw cutOff;
        return;
      }
      if (this.take("}")) return;
      // A comma that was forgotten between members changes nothing.
      if (!this.take(",") && !this.keyAhead(this.at)) throw malformed;
    }
  }

  private list(closer: string, depth: number): unknown[] {
    this.at++;
    const list: unknown[] = [];
    for (;;) {
      if (this.atEnd()) throw cutOff;
      if (this.take(closer)) return list;
      list.push(this.value("list", depth + 1));
      if (this.atEnd()) {
        if (this.cut || this.endsInComment) throw cutOff;
        return list;
      }
      if (this.take(closer)) return list;
      if (!this.take(",")) throw malformed;
    }
  }

  private key(): string {
    const closer = closers[this.text[this.at]!]!;
    let key = "";
    this.at++;
    for (;;) {
      this.spend(1);
      const character = this.text[this.at];
      if (character === undefined) throw cutOff;
      if (character === closer) break;
      key += character === "\\" ? this.escape() : character;
      if (character !== "\\") this.at++;
    }
    this.at++;
    return key;
  }

  private string(place: Place): string {
    const closer = closers[this.text[this.at]!]!;
    // What stands between quotes that were not escaped.
    const pieces: string[] = [];
    let piece = "";
    this.at++;
    for (;;) {
      const start = this.at;
      while (this.at < this.text.length && this.text[this.at] !== closer && this.text[this.at] !== "\\")
        this.at++;
      this.spend(this.at - start + 1);
      piece += this.text.slice(start, this.at);
      if (this.at >= this.text.length) throw cutOff;
      if (this.text[this.at] === "\\") piece += this.escape();
      else {
        this.at++;
        const unescaped = pieces.length > 0;
        pieces.push(piece);
        piece = "";
        if (this.closes(place, unescaped)) {
          const string = pieces.join(closer);
          // A quote before a colon was the end of a key, not part of this string.
          if (unescaped && /["'”’]\s{0,20}:/.test(string)) throw malformed;
          if (unescaped && maybeSeveral(pieces, closer, place)) throw malformed;
          return string;
        }
      }
    }
  }

  /** Whether the quote just passed ends its string, seen from what follows. */
  private closes(place: Place, unescaped: boolean): boolean {
    const back = this.at;
    const end = this.atEnd();
    const next = this.text[this.at];
    const comma = this.take(",");
    const endAfterComma = comma && this.atEnd();
    const after = this.at;
    this.at = back;
    if (end) {
      if (unescaped) throw cutOff;
      return true;
    }
    switch (place) {
      case "whole":
        throw malformed;
      case "list":
        if (next === "]" || next === ")") return true;
        if (!comma || !(endAfterComma || this.ahead(valueAhead, after))) return false;
        // `["say "a", "b"]` can be split in two ways.
        if (unescaped) throw malformed;
        return true;
      default:
        if (next === "}") return true;
        if (!comma) return this.keyAhead(after);
        if (endAfterComma || this.text[after] === "}" || this.keyAhead(after)) return true;
        if (place === "object with bare keys") return this.ahead(bareKeyAhead, after);
        if (!this.ahead(bareMemberAhead, after)) return false;
        // `{"a": "say "a", b: "c"` can be split in two ways.
        if (unescaped) throw malformed;
        return true;
    }
  }

  /** What the escape sequence here stands for; an unknown one stands for itself, as in LaTeX. */
  private escape(): string {
    const character = this.text[this.at + 1];
    if (character === undefined) throw cutOff;
    const code = /^(?:u([0-9a-f]{4})|x([0-9a-f]{2}))/i.exec(this.text.slice(this.at + 1, this.at + 6));
    if (code) {
      this.at += 1 + code[0].length;
      return String.fromCharCode(parseInt((code[1] ?? code[2])!, 16));
    }
    this.at += 2;
    return escapes[character] ?? `\\${character}`;
  }

  private word(place: Place): unknown {
    const text = this.match(bareWord)?.trimEnd();
    if (text === undefined) throw malformed;
    const ended = this.atEnd();
    if (ended && this.cut) throw cutOff;
    if (Object.hasOwn(words, text)) return words[text];
    if (number.test(text)) {
      const value = Number(text);
      // Digits that a double cannot hold stay text, so that none is lost in silence.
      const whole = /^-?\d+$/.test(text);
      const exact = whole ? Number.isSafeInteger(value) || String(value) === text : Number.isFinite(value);
      return exact ? value : text;
    }
    if (place === "whole") throw malformed;
    // A word at the end of the text may be half a word.
    if (ended) throw cutOff;
    return text;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    this.spend(1 + (found?.length ?? 0));
    return found;
  }

  /** Whether a quoted key with its colon stands at `at`. */
  private keyAhead(at: number): boolean {
    const closer = closers[this.text[at] ?? ""];
    if (closer === undefined) return false;
    let end = at + 1;
    while (end < this.text.length && this.text[end] !== closer) end += this.text[end] === "\\" ? 2 : 1;
    this.spend(end - at);
    blank.lastIndex = end + 1;
    return this.text[blank.test(this.text) ? blank.lastIndex : end + 1] === ":";
  }

  private ahead(pattern: RegExp, at: number): boolean {
    pattern.lastIndex = at;
    this.spend(10);
    return pattern.test(this.text);
  }

  private skip(): void {
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) return;
      if (character > " " && character < "\u0080" && character !== "/" && character !== "#") return;
      if (this.match(blank) !== undefined) continue;
      const block = this.text.startsWith("/*", this.at);
      if (!block && character !== "#" && !this.text.startsWith("//", this.at)) return;
      // `#python` is a word. Python's own comments have a space there by its style guide, PEP 8.
      if (character === "#" && /[^\s#!]/.test(this.text[this.at + 1] ?? " ")) return;
      const end = this.text.indexOf(block ? "*/" : "\n", this.at);
      this.spend((end < 0 ? this.text.length : end) - this.at);
      if (end < 0 && block) return;
      if (end < 0) this.endsInComment = true;
      this.at = end < 0 ? this.text.length : end + (block ? 2 : 1);
    }
  }

  private spend(steps: number): void {
    this.work -= steps;
    if (this.work < 0) throw malformed;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "\n": "",
};
