import fc from "fast-check";
import { field, type FieldType, Signature } from "../../src/signature/index.ts";

/** A type with a value of it. */
interface Typed {
  type: FieldType;
  value: unknown;
}

/** What texts of users and models hold that could be taken for a format. */
const nasty = fc.constantFrom(
  "[[ ## answer ## ]]",
  "[[ ## completed ## ]]",
  "x [[ ## completed ## ]] y",
  "[\\[ ## a ## ]]",
  "</a>",
  "<b>",
  "<item>x</item>",
  "&lt;a&gt; & co",
  '{"a": 1}',
  "```json\n[]\n```",
  "<think>no</think>",
  "null",
  "None",
  "5",
  '"quoted"',
  "it's, 'so'",
  "“x”",
  "C:\\new\\table",
  "- x\n- y",
  "«a»\n»»»",
  "__proto__",
  "é\u{1f600}\u2028",
);

/** Text of a field. Formats of plain text cannot keep white space at the ends. */
export const text = fc
  .oneof(
    fc.string(),
    nasty,
    fc.array(nasty, { maxLength: 3 }).map((parts) => parts.join("\n")),
  )
  .map((each) => each.trim());

const word = fc.stringMatching(/^[a-z][a-z ]{0,8}[a-z]$/);
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));

const scalar: fc.Arbitrary<Typed> = fc.oneof(
  text.map((value): Typed => ({ type: { kind: "string" }, value })),
  fc.maxSafeInteger().map((value): Typed => ({ type: { kind: "integer" }, value })),
  number.map((value): Typed => ({ type: { kind: "number" }, value })),
  fc.boolean().map((value): Typed => ({ type: { kind: "boolean" }, value })),
  fc
    .uniqueArray(word, { minLength: 1, maxLength: 4 })
    .map((values): Typed => ({ type: { kind: "literal", values }, value: values[0] })),
  fc
    .uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 })
    .map((values): Typed => ({ type: { kind: "literal", values }, value: values.at(-1) })),
);

const key = fc.string({ maxLength: 8 }).filter((each) => each !== "__proto__");

const typed: fc.Arbitrary<Typed> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  listOf(text, { kind: "string" }),
  listOf(fc.maxSafeInteger(), { kind: "integer" }),
  fc.array(listOf(fc.boolean(), { kind: "boolean" }), { maxLength: 3 }).map((lists): Typed => ({
    type: { kind: "list", item: { kind: "list", item: { kind: "boolean" } } },
    value: lists.map(({ value }) => value),
  })),
  fc
    .dictionary(key, fc.maxSafeInteger())
    .map((value): Typed => ({ type: { kind: "record", value: { kind: "integer" } }, value: { ...value } })),
  fc.oneof(fc.integer(), text).map((value): Typed => ({
    type: { kind: "union", options: [{ kind: "integer" }, { kind: "string" }] },
    value,
  })),
  scalar.map(({ type, value }): Typed => ({
    type: { kind: "optional", inner: type },
    value: value === "" ? null : value,
  })),
  scalar.map(({ type }): Typed => ({ type: { kind: "optional", inner: type }, value: null })),
  fc.tuple(scalar, scalar).map(([a, b]): Typed => ({
    type: {
      kind: "object",
      fields: [
        { name: "first", type: a.type, optional: false },
        { name: "second", type: b.type, optional: true },
      ],
    },
    value: { first: a.value, second: b.value },
  })),
);

function listOf(items: fc.Arbitrary<unknown>, item: FieldType): fc.Arbitrary<Typed> {
  return fc.array(items, { maxLength: 4 }).map((value) => ({ type: { kind: "list", item }, value }));
}

/** A signature with one input, and values for its outputs. */
export const task = fc
  .tuple(
    text,
    fc.uniqueArray(fc.constantFrom("a", "b", "answer", "search_query", "reasoning", "think", "type"), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.array(typed, { minLength: 4, maxLength: 4 }),
  )
  .map(([question, names, values]) => ({
    signature: new Signature<Record<string, unknown>, Record<string, unknown>>([
      field("question", "input", { kind: "string" }),
      ...names.map((name, index) => field(name, "output", values[index]!.type)),
    ]),
    inputs: { question },
    outputs: Object.fromEntries(names.map((name, index) => [name, values[index]!.value])),
  }));

/** Ways in which models and networks spoil a reply. */
export const mangle: fc.Arbitrary<(reply: string) => string> = fc
  .array(
    fc.oneof(
      at((reply, index) => reply.slice(0, index)),
      at((reply, index) => reply.slice(index)),
      at((reply, index) => reply.slice(0, index) + reply.slice(index + 1)),
      fc
        .string({ unit: "binary", maxLength: 6 })
        .chain((noise) => at((reply, index) => reply.slice(0, index) + noise + reply.slice(index))),
      nasty.chain((piece) => at((reply, index) => reply.slice(0, index) + piece + reply.slice(index))),
      fc.constantFrom<(reply: string) => string>(
        (reply) => `\`\`\`json\n${reply}\n\`\`\``,
        (reply) => `Sure! Here it is:\n${reply}\nHope it helps {really}.`,
        (reply) => `<think>maybe {"a": 1} or [[ ## a ## ]]</think>\n${reply}`,
        (reply) => `so I think</think>${reply}`,
        (reply) => `<think>${reply}`,
        (reply) => reply + reply,
        (reply) => reply.replaceAll('"', "'"),
        (reply) => reply.replaceAll('"', "“"),
        (reply) => reply.replaceAll('"', ""),
        (reply) => reply.replaceAll("true", "True").replaceAll("false", "False").replaceAll("null", "None"),
        (reply) => reply.replace(/([\]}])/g, ",$1"),
        (reply) => reply.replaceAll(",", ", // so\n"),
        (reply) => reply.replaceAll(",", ""),
        (reply) => reply.toUpperCase(),
        (reply) => reply.replaceAll(" ", "\u00a0"),
        (reply) => reply.replaceAll(" ## ", "##"),
        (reply) => reply.replaceAll("[[ ## ", "**[[ ## "),
        (reply) => reply.replaceAll("]]", "]"),
        (reply) => reply.replaceAll("\n", " "),
        (reply) => reply.replaceAll("</", "<"),
        (reply) => `\ufeff${reply}`,
        (reply) => reply.replace(/\d+/g, (digits) => `${digits}.0`),
        (reply) => reply.replace(/\d+/g, (digits) => `"${digits}"`),
      ),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((steps) => (reply) => steps.reduce((text, step) => step(text), reply));

function at(change: (reply: string, index: number) => string): fc.Arbitrary<(reply: string) => string> {
  return fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((place) => (reply) => change(reply, Math.floor(place * reply.length)));
}
