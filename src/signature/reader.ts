import { ConfigurationError } from "../core/errors.ts";

/** A piece of a signature or type. `value` is the content of a string, unescaped; `at` counts from 0. */
export interface Token {
  readonly kind: (typeof kinds)[number];
  readonly text: string;
  readonly value: string;
  readonly at: number;
}

/** Its groups are the {@link kinds}, in their order. */
const token =
  /[ \t\r\n]*(?:([A-Za-z_]\w*(?:\.\w+)*)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|('(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*")|(->|[,:;?|[\]<>{}()])|($))/y;
const kinds = ["name", "number", "string", "mark", "end"] as const;

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Reads a text token by token; {@link Reader.fail} shows the place of a mistake with a caret. */
export class Reader {
  readonly text: string;
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = this.tokenize();
  }

  /** The next token, not taken. */
  get token(): Token {
    return this.tokens[this.next]!;
  }

  take(): Token {
    const taken = this.token;
    if (taken.kind !== "end") this.next++;
    return taken;
  }

  /** Takes the next token where it is one of `marks`, and says which. */
  skip(...marks: string[]): string | undefined {
    const { kind, text } = this.token;
    if (kind !== "mark" || !marks.includes(text)) return undefined;
    this.next++;
    return text;
  }

  /** Takes the mark, or fails naming it; `after` says what it should close or follow. */
  expect(mark: string, after: string): void {
    if (this.skip(mark) === undefined) this.fail(`expected '${mark}' ${after}, found ${this.found()}`);
  }

  /** The next token in words. */
  found(): string {
    return this.token.kind === "end" ? "the end" : `'${this.token.text}'`;
  }

  fail(problem: string, at: number = this.token.at): never {
    const start = this.text.lastIndexOf("\n", at - 1) + 1;
    const stop = this.text.indexOf("\n", at);
    const line = this.text.slice(start, stop < 0 ? undefined : stop);
    // A long line is cut around the place, which a notebook's narrow cell would otherwise push out of sight.
    const from = Math.max(0, at - start - 50);
    const shown = (from > 0 ? "…" : "") + line.slice(from, from + 90) + (line.length > from + 90 ? "…" : "");
    const column = at - start - from + (from > 0 ? 1 : 0);
    throw new ConfigurationError(`${problem}\n  ${shown.replaceAll("\t", " ")}\n  ${" ".repeat(column)}^`);
  }

  private tokenize(): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    for (;;) {
      token.lastIndex = at;
      const match = token.exec(this.text);
      if (!match) {
        const place = at + (/^[ \t\r\n]*/.exec(this.text.slice(at))?.[0].length ?? 0);
        const character = this.text[place]!;
        return this.fail(unreadable(character, this.text[place + 1]), place);
      }
      at = token.lastIndex;
      const which = match.findIndex((group, index) => index > 0 && group !== undefined);
      const [kind, text] = [kinds[which - 1]!, match[which]!];
      const start = at - text.length;
      tokens.push({ kind, text, value: kind === "string" ? this.unescape(text, start) : text, at: start });
      if (kind === "end") return tokens;
    }
  }

  private unescape(quoted: string, at: number): string {
    return quoted.slice(1, -1).replace(/\\([^])/g, (_, letter: string, offset: number) => {
      const character = escapes[letter];
      if (character === undefined) {
        this.fail(`unknown escape '\\${letter}'; known: \\\\ \\' \\" \\n \\r \\t`, at + 1 + offset);
      }
      return character;
    });
  }
}

function unreadable(character: string, next: string | undefined): string {
  if (character === "'" || character === '"') return "this quote is not closed";
  return character === "=" && next === ">" ? "write '->' for '=>'" : `unexpected character '${character}'`;
}
