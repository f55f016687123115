const openingLength = "<thinking>".length;
const closingLength = "</thinking>".length;

/**
 * The reply without what a reasoning model wrote for itself before it, and without a fence around the whole. A
 * thought that never ends leaves nothing: a draft inside it is no answer.
 *
 * @param elements - names of elements that are part of the answer, whatever they are called.
 */
export function answerOf(completion: string, elements: readonly string[] = []): string {
  let text = completion;
  for (let tag = thoughtTag(text, elements); tag !== undefined; tag = thoughtTag(text, elements)) {
    const close = findClose(text, tag);
    if (close === undefined) return "";
    text = text.slice(close);
  }
  // Some templates open the thought in the prompt, so that the reply has its end alone.
  const end = /^\s*[{[<`"']/.test(text) ? -1 : text.indexOf("</think>");
  const begun = text.slice(0, Math.max(0, end)).lastIndexOf("<think>");
  // One that begins after a brace is part of what the answer says.
  const quoted = begun >= 0 && text.slice(0, begun).includes("{");
  if (end >= 0 && !quoted) text = text.slice(end + "</think>".length);
  return withoutFence(text.trim());
}

/** Passes on a reply as it streams, without the thought it starts with. */
export class ThoughtFilter {
  private held = "";
  private tag: string | undefined;
  private answering = false;
  private readonly elements: readonly string[];

  /** Takes what {@link answerOf} takes. */
  constructor(elements: readonly string[] = []) {
    this.elements = elements;
  }

  push(text: string): string {
    if (this.answering) return text;
    this.held += text;
    if (this.tag !== undefined) {
      const close = findClose(this.held, this.tag);
      // No more is needed than what may be the start of the closing tag.
      this.held = this.held.slice(close ?? -closingLength);
      if (close === undefined) return "";
      this.tag = undefined;
      return this.push("");
    }
    this.tag = thoughtTag(this.held, this.elements);
    if (this.tag !== undefined) return this.push("");
    const start = this.held.trimStart();
    const undecided = start.startsWith("<") && start.length < openingLength && !start.includes(">");
    return start === "" || undecided ? "" : this.end();
  }

  /** What was held back since it might have become a thought. */
  end(): string {
    const held = this.tag === undefined ? this.held : "";
    this.answering = true;
    this.held = "";
    return held;
  }
}

/** The tag of the thought that the text starts with. */
function thoughtTag(text: string, elements: readonly string[]): string | undefined {
  const tag = /^\s*<(think|thinking)>/i.exec(text)?.[1];
  return tag !== undefined && elements.includes(tag) ? undefined : tag;
}

/** Where the text goes on after the end of the thought it starts with. */
function findClose(text: string, tag: string): number | undefined {
  const match = new RegExp(`</${tag}>`, "i").exec(text);
  return match ? match.index + match[0].length : undefined;
}

function withoutFence(text: string): string {
  if (!text.startsWith("```") || !text.endsWith("```")) return text;
  const start = text.indexOf("\n");
  return start < 0 || start > text.length - 3 ? text : text.slice(start + 1, -3).trim();
}
