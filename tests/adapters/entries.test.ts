import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Adapter, chatAdapter, jsonAdapter, xmlAdapter } from "../../src/adapters/index.ts";
import { ParseError } from "../../src/core/index.ts";
import { signature } from "../../src/signature/index.ts";

// However a list or an object is written, and wherever it is cut off: all of its entries come back, or an error.
const seed = 20261122;
console.log(`fast-check seed ${seed}`);

const list = signature("a -> n: list[str]");
const object = signature("a -> n: dict[str, str]");

const pieces = [
  ..."[ ] ( ) { } , ; : ' \" # / * - . & < > = “ ”".split(" "),
  ...[" ", " ", ", ", "(2 l)", "[RFC 9110]", '"so"', "1. ", "- ", "is ", "x", "Milk"],
];

/**
 * Text of a letter at least, and without white space at its ends: mere digits are the same entry as a number, and
 * plain text keeps no white space around it.
 */
const entry = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
  .map((some) => some.join("").trim())
  .filter((text) => /[a-z]/i.test(text));

/**
 * Without quotes or marks nothing tells `[x]` as an entry from a list, `- x` from a bullet, or `Milk: [x]` from the
 * words that bring a list in. So these start with a letter, and hold nothing that could bring a list in.
 */
const bare = entry.filter((text) => /^[a-z]/i.test(text) && !/[:=>]|is/.test(text));

/** Words in brackets cannot hold what parts them; and `# x` and `// x` are comments. */
const word = entry.filter((text) => /^[a-z]/i.test(text) && !/[,:{}[\]()"'“”]|\s#|\/[/*]/.test(text));

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const python = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
const json = (value: string) => JSON.stringify(value);

/**
 * How entries are written: what comes first, each entry with what parts it from the one before, what comes last;
 * and how the reply holds that text.
 */
interface Form {
  readonly adapter: Adapter;
  readonly start: string;
  readonly each: (entry: string, index: number) => string;
  readonly end: string;
  readonly put: (text: string) => string;
  readonly entries?: fc.Arbitrary<string>;
  /** True where a whole text may be refused. */
  readonly refusable?: boolean;
  readonly record?: boolean;
  /** The least number of entries; 1 unless given. */
  readonly fewest?: number;
}
type Text = Omit<Form, "adapter" | "put">;

const parted = (comma: string, write: (entry: string) => string) => (each: string, index: number) =>
  (index > 0 ? comma : "") + write(each);
const member = (each: string, index: number) => `${index > 0 ? ", " : ""}"k${index}": ${json(each)}`;

const texts: Record<string, Text> = {
  json: { start: "[", each: parted(", ", json), end: "]" },
  "json over lines": { start: "[\n  ", each: parted(",\n  ", json), end: "\n]" },
  "json in prose": { start: "Here you are: [", each: parted(", ", json), end: "]. I hope it helps." },
  "json in a sentence": { start: "The list is [", each: parted(", ", json), end: "]." },
  "json in a fence": { start: "Here:\n```json\n[", each: parted(", ", json), end: "]\n```" },
  "json without commas": { start: "[", each: parted(" ", json), end: "]", refusable: true },
  "a list of Python": { start: "[", each: parted(", ", python), end: "]" },
  "a tuple of Python": { start: "(", each: parted(", ", python), end: ")" },
  "words in brackets": { start: "[", each: parted(", ", String), end: "]", entries: word, refusable: true },
  bullets: { start: "", each: parted("\n", (each) => `- ${each}`), end: "" },
  stars: { start: "", each: parted("\n\n", (each) => `* ${each}`), end: "" },
  numbers: { start: "", each: (each, index) => `${index > 0 ? "\n" : ""}${index + 1}. ${each}`, end: "" },
  "bullets below a line": {
    start: "Here you are:\n",
    each: parted("\n", (each) => `- ${each}`),
    end: "",
    refusable: true,
  },
  "an object": { start: "{", each: member, end: "}", record: true },
  "an object in prose": { start: "Here you are: {", each: member, end: "}.", record: true },
  "members without braces": { start: "", each: member, end: "", record: true, refusable: true },
};

// An element of its own is one entry, so that text in it is not several unless it has marks.
const unmarked: Record<string, Text> = {
  lines: { start: "", each: parted("\n", String), end: "", entries: bare, refusable: true },
  "a comma list": { start: "", each: parted(", ", String), end: "", entries: bare, refusable: true },
  "quotes without brackets": { start: "", each: parted(", ", json), end: "", refusable: true },
  "a line a key": {
    start: "",
    each: (each, index) => `${index > 0 ? "\n" : ""}k${index}: ${each}`,
    end: "",
    entries: bare,
    refusable: true,
    record: true,
  },
};

const inChat = { adapter: chatAdapter, put: (text: string) => `[[ ## n ## ]]\n${text}` };
const inJson = { adapter: jsonAdapter, put: (text: string) => JSON.stringify({ n: text }) };
const inXml = { adapter: xmlAdapter, put: (text: string) => `<n>\n${escaped(text)}\n</n>` };
const inElement = { adapter: xmlAdapter, put: (text: string) => `<n>${text}</n>`, start: "", end: "" };

const into = (name: string, place: Pick<Form, "adapter" | "put">, all: Record<string, Text>) =>
  Object.entries(all).map(([text, form]) => [`${text}, in ${name}`, { ...form, ...place }] as const);

const forms: (readonly [string, Form])[] = [
  ...into("chat", inChat, { ...texts, ...unmarked }),
  ...into("a string of JSON", inJson, { ...texts, ...unmarked }),
  ...into("XML", inXml, texts),
  ["items of XML", { ...inElement, each: (each) => `<item>${escaped(each)}</item>` }],
  ["items of XML over lines", { ...inElement, each: (each) => `\n  <item>${escaped(each)}</item>` }],
  // A lone element may as well hold a list: nothing tells the entry `[x]` from a list of `x`.
  ["repeated elements", { fewest: 2, ...inElement, put: String, each: (each) => `<n>${escaped(each)}</n>` }],
  ["keys of XML", { ...inElement, each: (each, at) => `<k${at}>${escaped(each)}</k${at}>`, record: true }],
  [
    "keys in attributes",
    { ...inElement, each: (each, at) => `<entry key="k${at}">${escaped(each)}</entry>`, record: true },
  ],
];

/** What is read of a reply, or undefined where the one error came that may. */
function read({ adapter, record }: Form, reply: string, cut = false): string[] | undefined {
  try {
    const { n } = adapter.parse(record ? object : list, reply, { cut }) as { n: string[] };
    return Object.values(n);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return undefined;
  }
}

describe.each(forms)("%s", (_name, form) => {
  const entries = fc.array(form.entries ?? entry, { minLength: form.fewest ?? 1, maxLength: 4 });
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const check = (property: fc.IProperty<unknown[]>) => fc.assert(property, { seed, numRuns: 150 });
  const write = (all: readonly string[]) => form.start + all.map(form.each).join("") + form.end;

  test("gives all entries, or an error", () => {
    check(
      fc.property(entries, (all) => {
        const found = read(form, form.put(write(all)));
        if (!form.refusable || found) expect(found).toEqual(all);
      }),
    );
  });

  test("cut off, gives every entry that was begun, or an error", () => {
    check(
      fc.property(entries, place, (all, where) => {
        const text = write(all);
        const cut = Math.floor(where * text.length);
        const found = read(form, form.put(text.slice(0, cut)));
        // Nothing shows that more would have come, where only that is missing. A comma shows it.
        const begun = all.filter((_each, index) => {
          const before = form.start + all.slice(0, index).map(form.each).join("");
          return before.length + form.each(all[index]!, index).search(/\S/) < cut;
        });
        if (!found || begun.length === 0) return;
        expect(found).toHaveLength(begun.length);
        expect(found.slice(0, -1)).toEqual(begun.slice(0, -1));
      }),
    );
  });

  test("known to be cut off, gives all entries, or an error", () => {
    check(
      fc.property(entries, place, (all, where) => {
        const reply = form.put(write(all));
        const found = read(form, reply.slice(0, Math.floor(where * reply.length)), true);
        if (found) expect(found).toEqual(all);
      }),
    );
  });
});

describe("found by the properties above, or on the way to them", () => {
  test.each([
    ["a comma at the end", chatAdapter, '[[ ## n ## ]]\n"a", "b",'],
    ["a comment to the end", chatAdapter, '[[ ## n ## ]]\n["a", "b" # "c"]'],
    ["a word that looks like a comment", chatAdapter, "[[ ## n ## ]]\n[a, #b\n c]"],
    ["a bracket within a list that is left open", chatAdapter, '[[ ## n ## ]]\nThe list is ["a b is [x]'],
    ["quotes, escaped and not", jsonAdapter, String.raw`{"n": ["\"a" "b"]}`],
    ["half a tag at the end", xmlAdapter, "<n>a</n><n"],
    ["half a bullet in an element", xmlAdapter, "<n>\n- a\n-\n</n>"],
    ["a list left open in prose in an element", xmlAdapter, '<n>Here: ["a", "b</n>'],
  ])("%s", (_name, adapter, reply) => {
    expect(() => adapter.parse(list, reply)).toThrow(ParseError);
  });
});
