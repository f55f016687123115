import { describe, expect, test } from "vitest";
import { type Adapter, chatAdapter, jsonAdapter, xmlAdapter } from "../../src/adapters/index.ts";
import { ParseError } from "../../src/core/index.ts";
import { signature } from "../../src/signature/index.ts";

const sentiment = signature("text -> sentiment: Literal['negative', 'neutral', 'positive']");
const rag = signature("question -> reasoning, answer, citations: list[int]");
const count = signature("maybe -> total: Optional[int], note: Optional[str]");

function failure(
  adapter: Adapter,
  task: Parameters<Adapter["parse"]>[0],
  reply: string,
  cut = false,
): ParseError {
  try {
    adapter.parse(task, reply, { cut });
  } catch (error) {
    expect(error).toBeInstanceOf(ParseError);
    return error as ParseError;
  }
  throw new Error("nothing was thrown");
}

describe("any format", () => {
  const replies = { chat: "[[ ## answer ## ]]\nyes", json: '{"answer": "yes"}', xml: "<answer>yes</answer>" };
  const task = signature("question -> answer");
  for (const adapter of [chatAdapter, jsonAdapter, xmlAdapter]) {
    const reply = replies[adapter.name as keyof typeof replies];
    test.each([
      ["a thought", `<think>{"answer": "no"} <answer>no</answer>\n[[ ## answer ## ]]\nno</think>${reply}`],
      ["a thought opened by the template", `Hm, no.</think>\n${reply}`],
      ["a fence", `\`\`\`\n${reply}\n\`\`\``],
      ["a byte order mark", `\ufeff${reply}`],
      ["another case", reply.replaceAll("answer", "Answer")],
    ])(`${adapter.name}: %s`, (_name, text) => {
      expect(adapter.parse(task, text)).toEqual({ answer: "yes" });
    });

    test(`${adapter.name}: a thought that never ends is no answer`, () => {
      expect(failure(adapter, task, `<think>maybe ${reply}`).field).toBe("answer");
    });

    test(`${adapter.name}: a lone plain value is taken, free text is not`, () => {
      expect(adapter.parse(sentiment, "Negative.")).toEqual({ sentiment: "negative" });
      expect(adapter.parse(signature("a -> score: int"), "4")).toEqual({ score: 4 });
      expect(failure(adapter, task, "I cannot help with that.").message).toContain("I cannot help");
      expect(failure(adapter, sentiment, "not negative").field).toBe("sentiment");
    });

    test(`${adapter.name}: JSON is read whatever was asked for`, () => {
      expect(adapter.parse(task, 'Here: {"answer": "yes"}')).toEqual({ answer: "yes" });
    });

    test(`${adapter.name}: an error names the field, what was found and what was expected`, () => {
      const error = failure(adapter, signature("a -> score: int"), reply.replaceAll("answer", "score"));
      expect(error.field).toBe("score");
      expect(error.message).toMatch(/'score'.*expected int, found string 'yes'/);
      expect(error.completion).toContain("yes");
      expect(failure(adapter, task, "").message).toMatch(/no field 'answer' \(str\): found an empty reply/);
    });
  }
});

describe("chat", () => {
  test.each([
    ["value behind the marker", "[[ ## sentiment ## ]] negative"],
    ["all on one line", "[[ ## sentiment ## ]] negative [[ ## completed ## ]]"],
    ["bold marker", "**[[ ## sentiment ## ]]**\nnegative"],
    ["heading", "### [[ ## sentiment ## ]]\nnegative"],
    ["no spaces", "[[##sentiment##]]\nnegative"],
    ["half a marker", "[[ ## sentiment ]]\nnegative"],
    [
      "prose before, and after the end",
      "Sure.\n[[ ## sentiment ## ]]\nnegative\n[[ ## completed ## ]]\nMore?",
    ],
    ["the inputs again", "[[ ## text ## ]]\npositive\n[[ ## sentiment ## ]]\nnegative"],
    ["the first of two", "[[ ## sentiment ## ]]\nnegative\n[[ ## sentiment ## ]]\npositive"],
    ["the start of the end", "[[ ## sentiment ## ]]\nnegative\n\n[[ ## comp"],
  ])("%s", (_name, reply) => {
    expect(chatAdapter.parse(sentiment, reply)).toEqual({ sentiment: "negative" });
    const reader = chatAdapter.reader(sentiment);
    const deltas = [...[...reply].flatMap((character) => reader.push(character)), ...reader.end()];
    expect(deltas.map(({ delta }) => delta).join("")).toBe("negative");
  });

  test("no marker but the last", () => {
    const reply = "negative\n\n[[ ## completed ## ]]";
    expect(chatAdapter.parse(sentiment, reply)).toEqual({ sentiment: "negative" });
  });

  test("a missing optional field is null; text of `null` stays text, as in DSPy", () => {
    expect(chatAdapter.parse(count, "[[ ## note ## ]]\nnull")).toEqual({ total: null, note: "null" });
  });

  test.each([
    ["its string is left open", '{"total": 1, "note": "ha'],
    ["its object is closed by a list's bracket", '[{"total": 1, "note": "ha"]'],
    ["its value is missing", '{"total": 1, "note":'],
    ["it may have come next", '{"total": 1,'],
    ["nothing before it was whole", '{"note": "ha'],
  ])("an optional field is missing, not null, where the reply breaks off: %s", (_case, reply) => {
    for (const adapter of [jsonAdapter, chatAdapter])
      expect(failure(adapter, count, reply).field).toBeDefined();
    expect(jsonAdapter.parse(count, '{"total": 1}')).toEqual({ total: 1, note: null });
    expect(jsonAdapter.parse(count, '{"total": 1, "note": "ha"')).toEqual({ total: 1, note: "ha" });
  });

  test("a thought that a text quotes is part of it", () => {
    const reply = 'Sure! Here it is:\n\n{"total": 1, "note": "<think>no</think>"}\n\nI hope this helps.';
    expect(jsonAdapter.parse(count, reply)).toEqual({ total: 1, note: "<think>no</think>" });
    expect(jsonAdapter.parse(count, `so {"total": 2}</think>{"total": 1}`)).toEqual({ total: 1, note: null });
  });

  test("the section that a cut reply ends in is missing", () => {
    const reply = "[[ ## reasoning ## ]]\nx\n[[ ## answer ## ]]\nyes\n[[ ## citations ## ]]\n[1, 2]";
    expect(failure(chatAdapter, rag, reply, true).message).toMatch(/citations.*cut off/);
    expect(chatAdapter.parse(rag, `${reply}\n[[ ## completed ## ]]`, { cut: true })).toEqual({
      reasoning: "x",
      answer: "yes",
      citations: [1, 2],
    });
    expect(failure(chatAdapter, count, "[[ ## note ## ]]\nha", true).field).toBe("total");
  });

  test("an output may be called `completed`", () => {
    const task = signature("a -> completed: bool");
    expect(chatAdapter.parse(task, "[[ ## completed ## ]]\nTrue\n\n[[ ## completed ## ]]")).toEqual({
      completed: true,
    });
  });
});

describe("json", () => {
  test("the last of several objects with as many outputs, and the one inside a wrapper", () => {
    expect(
      jsonAdapter.parse(sentiment, '{"sentiment": "negative"} or rather {"sentiment": "neutral"}'),
    ).toEqual({
      sentiment: "neutral",
    });
    expect(jsonAdapter.parse(sentiment, '{"a": 1} {"sentiment": "neutral"} {"b": 1}')).toEqual({
      sentiment: "neutral",
    });
    expect(jsonAdapter.parse(sentiment, '{"outputs": {"sentiment": "neutral"}}')).toEqual({
      sentiment: "neutral",
    });
    expect(jsonAdapter.parse(sentiment, '[{"sentiment": "neutral"}]')).toEqual({ sentiment: "neutral" });
  });

  test("fields that were not asked for are left out", () => {
    expect(jsonAdapter.parse(sentiment, '{"why": "x", "sentiment": "neutral"}')).toEqual({
      sentiment: "neutral",
    });
  });

  test("one bad entry makes the list unreadable", () => {
    const error = failure(jsonAdapter, rag, '{"reasoning": "r", "answer": "a", "citations": [1, "x", 3]}');
    expect(error.field).toBe("citations");
    expect(error.message).toContain("[1]");
  });

  test("a number keeps its digits where text was asked for", () => {
    const task = signature("a -> version");
    expect(jsonAdapter.parse(task, '{"version": 3.10}')).toEqual({ version: "3.10" });
    expect(jsonAdapter.parse(task, '{"version": 12345678901234567890}')).toEqual({
      version: "12345678901234567890",
    });
  });

  test("markers are read where no JSON came", () => {
    expect(jsonAdapter.parse(sentiment, "[[ ## sentiment ## ]]\nnegative")).toEqual({
      sentiment: "negative",
    });
  });

  test("a repaired reply streams to the same text in the end", () => {
    const reader = jsonAdapter.reader(signature("a -> x, y"));
    const deltas = ["<think>{}</think>{'x': 'a", "b', y: 'c'}"].flatMap((piece) => reader.push(piece));
    const texts: Record<string, string> = {};
    for (const { field, delta } of [...deltas, ...reader.end()]) texts[field] = (texts[field] ?? "") + delta;
    expect(texts).toEqual({ x: "ab", y: "c" });
  });
});

describe("xml", () => {
  const tags = signature("a -> tags: list[str]");
  const parts = signature("a -> parts: dict[str, int]");
  test.each([
    ["JSON", tags, '<tags>["a", "b"]</tags>', { tags: ["a", "b"] }],
    ["items", tags, "<tags><item>a</item><item>b</item></tags>", { tags: ["a", "b"] }],
    ["repeated elements", tags, "<tags>a</tags><tags>b</tags>", { tags: ["a", "b"] }],
    ["a list of one", tags, "<tags>a</tags>", { tags: ["a"] }],
    ["an empty list", tags, "<tags></tags>", { tags: [] }],
    ["an element a key", parts, "<parts><bolt>1</bolt><nut>2</nut></parts>", { parts: { bolt: 1, nut: 2 } }],
    [
      "keys that are no names",
      parts,
      '<parts><entry key="M8 &amp; nut">1</entry></parts>',
      { parts: { "M8 & nut": 1 } },
    ],
    ["JSON of an object", parts, '<parts>{"bolt": 1}</parts>', { parts: { bolt: 1 } }],
    ["null", count, "<total/><note></note>", { total: null, note: null }],
    ["markup inside text", signature("a -> b"), "<b>x <i>y</i> & z &lt; 3</b>", { b: "x <i>y</i> & z < 3" }],
    ["a root around all", signature("a -> b"), "<reply><b>x</b></reply>", { b: "x" }],
    ["attributes", signature("a -> b"), '<b lang="en">x</b >', { b: "x" }],
  ] as const)("%s", (_name, task, reply, expected) => {
    expect(xmlAdapter.parse(task, reply)).toEqual(expected);
  });

  test.each([
    ["a repeated element is left open", tags, "<tags>a</tags><tags>b"],
    ["another one starts within it", tags, "<tags>a<tags>b</tags>"],
    ["an item is left open", tags, "<tags><item>a</item><item>b</tags>"],
    ["the first item is left open", tags, "<tags><item>a<item>b</item></tags>"],
    ["an item lacks its start", tags, "<tags><item>a</item>b</item></tags>"],
    ["text stands between items", tags, "<tags><item>a</item>b<item>c</item></tags>"],
    ["a list of JSON is left open", tags, '<tags>["a", "b</tags>'],
    ["a list without brackets is left open", tags, '<tags>"a", "b</tags>'],
    ["a key is left open", parts, "<parts><bolt>1</bolt><nut>2</parts>"],
    ["an object is left open", parts, "<parts><bolt>1</bolt></parts><parts><nut>2"],
    ["text stands between keys", parts, "<parts><bolt>1</bolt>nut: 2</parts>"],
    ["an optional list is left open", signature("a -> tags: Optional[list[str]]"), "<tags>a</tags><tags>b"],
  ] as const)("no entry vanishes where %s", (_name, task, reply) => {
    expect(failure(xmlAdapter, task, reply).message).toMatch(/cannot be read: expected/);
  });

  test("items within a list of JSON are text of it", () => {
    expect(xmlAdapter.parse(tags, '<tags>["<item>x</item>", "b"]</tags>')).toEqual({
      tags: ["<item>x</item>", "b"],
    });
  });

  test("an element that is not closed is missing", () => {
    expect(failure(xmlAdapter, signature("a -> b"), "<b>half an ans").field).toBe("b");
  });

  test("a list written by repeating its element is not trusted at the end of a cut reply", () => {
    expect(failure(xmlAdapter, tags, "<tags>a</tags><tags>b</tags>", true).field).toBe("tags");
  });

  test("a field called like a thought is a field", () => {
    expect(xmlAdapter.parse(signature("a -> thinking, b"), "<thinking>x</thinking><b>y</b>")).toEqual({
      thinking: "x",
      b: "y",
    });
  });

  test("tags without end are given up on, not searched for ever", () => {
    const tags = Array.from({ length: 30_000 }, (_, index) => `<t${index}>`).join("");
    expect(failure(xmlAdapter, parts, `<parts>${tags}</parts>`).field).toBe("parts");
    expect(failure(xmlAdapter, parts, "<parts>".repeat(30_000)).field).toBe("parts");
  });
});
