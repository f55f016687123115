import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { display } from "../../src/core/index.ts";
import { FunctionModel, history, rememberCalls } from "../../src/lm/index.ts";

describe("history", () => {
  test("keeps the last 50 calls, the newest last", async () => {
    rememberCalls();
    rememberCalls();
    const model = new FunctionModel(({ messages }) => `echo ${messages[0]!.content as string}`);
    for (let i = 0; i < 60; i++) await model.complete({ messages: [{ role: "user", content: `ask ${i}` }] });
    const asked = history(99).calls.map(({ request }) => request.messages[0]!.content);
    expect(asked).toHaveLength(50);
    expect(asked[0]).toBe("ask 10");
    expect(history().calls.map(({ response }) => response!.choices[0]!.text)).toEqual(["echo ask 59"]);
    expect(history(0).calls).toEqual([]);
  });

  test("shows messages, answers and failures readably, and nothing of them as HTML", async () => {
    rememberCalls();
    const hostile = "<script>alert(1)</script>";
    await new FunctionModel(() => ({
      cost: null,
      choices: [
        { text: hostile, toolCalls: [{ id: "1", name: "find", arguments: '{"q":1}' }], finishReason: "stop" },
      ],
    })).complete({
      messages: [
        { role: "system", content: "be <b>bold</b>" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image", url: `data:image/png;base64,${"A".repeat(500)}` },
          ],
        },
      ],
    });
    await new FunctionModel(() => {
      throw new Error("it <broke>");
    })
      .complete({ messages: [] })
      .catch(() => undefined);
    const shown = history(2);
    const bundle = shown[display]();
    expect(bundle["text/plain"]).toBe(String(shown));
    expect(inspect(shown)).toBe(String(shown));
    for (const part of ["be <b>bold</b>", "look", hostile, 'find({"q":1})', "cost unknown", "it <broke>"])
      expect(String(shown)).toContain(part);
    expect(String(shown).length).toBeLessThan(600);
    expect(bundle["text/html"]).not.toMatch(/<script|<b>bold|<broke/);
  });
});
