import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { display } from "../../src/core/display.ts";
import {
  field,
  inferPrefix,
  inputField,
  outputField,
  parseType,
  Signature,
  signature,
} from "../../src/signature/index.ts";

/** Reads a text that the type checker is not to see. */
const read = (text: string) => signature(text);

describe("the string form", () => {
  test("gives fields in order, `str` where no type stands", () => {
    const made = signature("passages: list[str], question -> answer, citations: int[]");
    expect(made.inputs.map(({ name }) => name)).toEqual(["passages", "question"]);
    expect(made.outputs).toEqual([
      { name: "answer", role: "output", type: { kind: "string" }, description: "", prefix: "Answer:" },
      {
        name: "citations",
        role: "output",
        type: { kind: "list", item: { kind: "integer" } },
        description: "",
        prefix: "Citations:",
      },
    ]);
    expect(made.instructions).toBe(
      "Given the fields `passages`, `question`, produce the fields `answer`, `citations`.",
    );
  });

  test.each([
    ["text -> sentiment: 'negative' | 'positive'", "text -> sentiment: Literal['negative', 'positive']"],
    ["\n  a : string ,\n\tb->c:number\n", "a, b -> c: float"],
    ["a: Literal['x -> y', 'p: q, r'] -> b", "a: Literal['x -> y', 'p: q, r'] -> b"],
    [
      "text, input, output, type, name -> constructor, toString",
      "text, input, output, type, name -> constructor, toString",
    ],
    ["-> joke", "-> joke"],
    ["a: Array<int>->b", "a: list[int] -> b"],
  ])("%j reads as %j, and that as itself", (written, text) => {
    expect(read(written).toString()).toBe(text);
    expect(read(text).toString()).toBe(text);
    expect(read(text).equals(read(written))).toBe(true);
  });

  test.each([
    ["", "found no '->'"],
    ["text", "found no '->'"],
    ["text => label", "write '->' for '=>'"],
    ["text ->", "expected the name of a field, found the end"],
    ["a, -> b", "expected the name of a field, found '->'"],
    ["a -> b,", "expected the name of a field, found the end"],
    ["a b -> c", "expected '->' or ',' after a field, found 'b'"],
    ["a -> b -> c", "expected ',' or the end after a field, found '->'"],
    ["a: -> b", "expected a type, found '->'"],
    ["a, a -> b", "field 'a' stands here twice"],
    ["a -> a", "field 'a' stands here twice"],
    ["a.b -> c", "invalid name 'a.b'"],
    ["__proto__ -> c", "the name '__proto__'"],
    ["a -> b: Literal['x", "this quote is not closed"],
    ["a -> picture: list[Image]", "output 'picture' is list[dspy.Image], which no model writes"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("points at the mistake in the line it stands in", () => {
    expect(() => read("text: str,\n  tags: list[strng]\n  -> label")).toThrow(
      "unknown type 'strng'; did you mean 'string'?\n    tags: list[strng]\n               ^",
    );
  });
});

describe("the object form", () => {
  test("takes texts, schemas of zod and descriptions", () => {
    const made = signature({
      instructions: "Triage a report.",
      inputs: { report: { type: "str", description: "what the customer wrote" } },
      outputs: {
        urgency: "'low' | 'high'",
        parts: z.array(z.string()),
        why: { description: "one sentence" },
      },
    });
    expect(made.toString()).toBe("report -> urgency: Literal['low', 'high'], parts: list[str], why");
    expect(made.instructions).toBe("Triage a report.");
    expect(made.fields.map(({ description }) => description)).toEqual([
      "what the customer wrote",
      "",
      "",
      "one sentence",
    ]);
  });

  test("names the field whose type cannot be read", () => {
    const outputs: Record<string, string> = { b: "list[strng]" };
    expect(() => signature({ inputs: { a: "str" }, outputs })).toThrow(/^field 'b': unknown type 'strng'/);
    expect(() => signature({ inputs: { a: "str" } } as never)).toThrow("a signature needs outputs");
    expect(() => signature({ inputs: { a: 3 as never }, outputs })).toThrow(
      "the type of field 'a' is number",
    );
    expect(() => signature({ inputs: { a: null as never }, outputs: { b: "str" } })).toThrow(
      "the type of field 'a' is null",
    );
    expect(() => signature({ inputs: { "a b": "str" }, outputs: { c: "str" } })).toThrow(
      "invalid name 'a b'",
    );
  });
});

describe("the class form", () => {
  class Triage {
    static instructions = `
      Triage a report.
        When in doubt, escalate.
    `;
    report = inputField("str", "what the customer wrote");
    score = outputField(z.number());
    urgency = outputField("Literal['low', 'high']");
  }

  test("takes the properties as fields, and the static as instructions", () => {
    const made = signature(Triage);
    expect(made.toString()).toBe("report -> score: float, urgency: Literal['low', 'high']");
    expect(made.instructions).toBe("Triage a report.\n  When in doubt, escalate.");
    expect(made.inputs[0]!.description).toBe("what the customer wrote");
    expect(signature(Triage, "Other.").instructions).toBe("Other.");
  });

  test("can be extended", () => {
    class Reasoned extends Triage {
      why = outputField();
    }
    expect(signature(Reasoned).outputs.map(({ name }) => name)).toEqual(["score", "urgency", "why"]);
  });

  test("refuses a property that is no field", () => {
    class Odd {
      a = outputField();
      b = 3;
    }
    expect(() => signature(Odd)).toThrow("property 'b' of Odd is no field");
  });
});

describe("edits", () => {
  const made = signature("text -> label: int", "Label it.");

  test("give a new signature and leave the old", () => {
    const edited = made
      .prependOutput("reasoning", "str", "step by step")
      .appendOutput("score", "float")
      .prependInput("context", "list[str]")
      .appendInput("hint")
      .withInstructions("Think.");
    expect(edited.toString()).toBe("context: list[str], text, hint -> reasoning, label: int, score: float");
    expect(edited.instructions).toBe("Think.");
    expect(edited.field("reasoning").description).toBe("step by step");
    expect(made.toString()).toBe("text -> label: int");
    expect(made.instructions).toBe("Label it.");
    expect(() => Object.assign(made, { instructions: "x" })).toThrow(TypeError);
    expect(() => Object.assign(made.fields[0]!, { name: "x" })).toThrow(TypeError);
  });

  test("without removes fields, and not the last output", () => {
    expect(made.appendOutput("why").without("label", "text").toString()).toBe("-> why");
    expect(() => made.without("label")).toThrow("a signature needs an output");
    expect(() => made.without("lable" as "label")).toThrow(
      "no field 'lable' in 'text -> label: int'; did you mean 'label'?",
    );
  });

  test("describe sets descriptions and labels", () => {
    const described = made.describe({ text: "a tweet", label: { prefix: "Class:" } });
    expect(described.field("text")).toMatchObject({ description: "a tweet", prefix: "Text:" });
    expect(described.field("label")).toMatchObject({ description: "", prefix: "Class:" });
    expect(described.describe({ text: { prefix: "T:" } }).field("text").description).toBe("a tweet");
    expect(() => made.describe({ txt: "" } as never)).toThrow("did you mean 'text'?");
  });

  test("a name stands for one field", () => {
    expect(() => made.appendOutput("text")).toThrow("two fields are named 'text'");
    expect(() => new Signature([field("a", "input", parseType("str"))])).toThrow("needs an output");
  });

  test("signature() of a signature keeps fields and may replace the instructions", () => {
    expect(signature(made).equals(made)).toBe(true);
    expect(signature(made, "Other.").instructions).toBe("Other.");
    expect(signature(made, "Other.").equals(made)).toBe(false);
    expect(made.describe({ text: "x" }).equals(made)).toBe(false);
  });
});

test("toJSON is plain data that holds all, zod as its JSON schema", () => {
  const made = signature({ inputs: { a: "str" }, outputs: { b: z.int().min(1) } }, "Do.");
  expect(JSON.parse(JSON.stringify(made))).toEqual({
    instructions: "Do.",
    fields: [
      { name: "a", role: "input", type: { kind: "string" }, description: "", prefix: "A:" },
      {
        name: "b",
        role: "output",
        type: { kind: "zod", schema: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
        description: "",
        prefix: "B:",
      },
    ],
  });
});

test("shows itself as a table in which nothing runs", () => {
  const shown = signature("text -> label", "<script>alert(1)</script>")
    .describe({ text: "<img onerror=x>" })
    [display]();
  expect(shown["text/html"]).toContain("<td>label</td><td>output</td><td>str</td>");
  expect(shown["text/html"]).not.toMatch(/<script|<img/);
  expect(shown["text/plain"]).toContain("text -> label");
});

test.each([
  ["search_query", "Search Query:"],
  ["searchQuery", "Search Query:"],
  ["text", "Text:"],
  ["HTTPServer", "HTTP Server:"],
  ["customerID", "Customer ID:"],
  ["top3_items", "Top 3 Items:"],
  ["_", "_:"],
])("the label of %s is %s", (name, prefix) => {
  expect(inferPrefix(name)).toBe(prefix);
});

const saved = new URL("../../../shared/conformance/programs/", import.meta.url);
test.skipIf(!existsSync(saved))(
  "labels and instructions are those DSPy saves (skipped without ../shared)",
  () => {
    const states: {
      signature: { instructions: string; fields: { prefix: string; description: string }[] };
    }[] = [];
    JSON.parse(
      readdirSync(saved)
        .map((file) => readFileSync(new URL(file, saved), "utf8"))
        .join("\n")
        .replace(/^}\s*{/m, "},{")
        .replace(/^/, "[") + "]",
      (_, value: unknown) => {
        if (typeof value === "object" && value !== null && "signature" in value)
          states.push(value as (typeof states)[0]);
        return value;
      },
    );
    expect(states.length).toBeGreaterThan(3);
    const unnamed = states
      .flatMap(({ signature }) => signature.fields)
      .filter(({ description }) => description.startsWith("${"));
    for (const { prefix, description } of unnamed) expect(inferPrefix(description.slice(2, -1))).toBe(prefix);
    const instructions = states.map(({ signature }) => signature.instructions);
    expect(instructions).toContain(read("answer -> score: int").instructions);
  },
);
