// Writes replies whose form is spoilt, as models and networks spoil it, and whose values are known: JSON lines of
// {fields, reply, cut, expected}. What is spoilt is never a value itself, so that a reader that gives another value
// than the expected one is wrong, and one that throws is not.
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { text } from "../../tests/adapters/arbitrary.ts";

/** One reply, and what it says. */
export interface SpoiltReply {
  fields: string[];
  reply: string;
  /** The endpoint said that it ended the reply for its length. */
  cut: boolean;
  expected: Record<string, unknown>;
}

const values = {
  answer: text,
  label: fc.constantFrom("negative", "neutral", "positive"),
  amount: fc.integer(),
  price: fc.integer({ min: -1e6, max: 1e6 }).map((cents) => cents / 100 || 0),
  urgent: fc.boolean(),
  tags: fc.array(text, { maxLength: 4 }),
  note: fc.option(text.filter((each) => each !== "")),
};

/** How JSON is written otherwise than JSON is. */
const habits = [
  "single quotes",
  "bare keys",
  "Python",
  "last comma",
  "comments",
  "numbers quoted",
  "line breaks",
];

/** What happens to a whole reply, in the order in which it happens. */
const accidents: Record<string, (reply: string) => string> = {
  "brace forgotten": (reply) => reply.replace(/\}$/, ""),
  "brace too many": (reply) => `${reply}}`,
  twice: (reply) => `${reply}\n${reply}`,
  wrapped: (reply) => `[${reply}]`,
  fence: (reply) => `\`\`\`json\n${reply}\n\`\`\``,
  prose: (reply) => `Sure! Here it is:\n\n${reply}\n\nI hope this helps.`,
  thoughts: (reply) => `<think>Is it {"label": "neutral"}? No.</think>\n${reply}`,
  mark: (reply) => `\ufeff${reply}`,
};

const spoilt: fc.Arbitrary<SpoiltReply> = fc
  .record({
    fields: fc.subarray(Object.keys(values), { minLength: 1, maxLength: 4 }),
    all: fc.record(values),
    habits: fc.subarray(habits, { maxLength: 3 }),
    accidents: fc.subarray(Object.keys(accidents), { maxLength: 2 }),
    end: fc.noBias(fc.integer({ min: 0, max: 7999 })).map((thousandths) => thousandths / 1000),
  })
  .map(({ fields, all, habits, accidents: happened, end }) => {
    const expected = Object.fromEntries(fields.map((name) => [name, all[name as keyof typeof all]]));
    const whole = happened.reduce(
      (reply, name) => accidents[name]!(reply),
      written(expected, new Set(habits)),
    );
    // One in eight is cut, anywhere.
    return { fields, reply: whole.slice(0, Math.floor(end * whole.length)), cut: end < 1, expected };
  });

function written(value: unknown, habits: ReadonlySet<string>): string {
  const comma = habits.has("comments") ? ", // and\n" : ", ";
  const last = habits.has("last comma") ? "," : "";
  const name = (key: string) => (habits.has("bare keys") ? key : string(key, habits));
  if (Array.isArray(value)) {
    const items = value.map((item) => written(item, habits)).join(", ");
    return `[${items}${value.length > 0 ? last : ""}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, item]) => `${name(key)}: ${written(item, habits)}`);
    return `{${members.join(comma)}${last}}`;
  }
  if (typeof value === "string") return string(value, habits);
  if (typeof value === "number") return habits.has("numbers quoted") ? `"${value}"` : String(value);
  if (!habits.has("Python")) return String(value);
  return value === null ? "None" : value === true ? "True" : "False";
}

function string(value: string, habits: ReadonlySet<string>): string {
  const json = JSON.stringify(value);
  const broken = habits.has("line breaks") ? json.replace(/(?<=(?<!\\)(?:\\\\)*)\\n/g, "\n") : json;
  if (!habits.has("single quotes")) return broken;
  return `'${broken.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

const [file = "", count = "10000"] = process.argv.slice(2);
const replies = fc.sample(spoilt, { numRuns: Number(count), seed: 20261121 });
writeFileSync(file, replies.map((reply) => `${JSON.stringify(reply)}\n`).join(""));
