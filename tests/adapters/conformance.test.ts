import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chatAdapter, jsonAdapter, xmlAdapter } from "../../src/adapters/index.ts";
import { ParseError } from "../../src/core/index.ts";
import { check, signature } from "../../src/signature/index.ts";

interface Case {
  adapter: "chat" | "json" | "xml";
  name: string;
  signature: { instructions: string; inputs: FieldOf[]; outputs: FieldOf[] };
  completion: string;
  fields?: Record<string, unknown>;
  error?: string;
}
interface FieldOf {
  name: string;
  type: string;
  desc: string;
}

const adapters = { chat: chatAdapter, json: jsonAdapter, xml: xmlAdapter };
const file = new URL("../../../shared/conformance/completions.json", import.meta.url);
const recorded = existsSync(file)
  ? (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] }).cases
  : undefined;
if (!recorded) console.log("skipped: ../shared/conformance/completions.json is absent");

describe.skipIf(!recorded)("replies that DSPy 3.4.1 was shown", () => {
  test.each((recorded ?? []).map((each) => [each.name, each] as const))("%s", (_name, each) => {
    const spell = (fields: FieldOf[]) => fields.map(({ name, type }) => `${name}: ${type}`).join(", ");
    const { inputs, outputs, instructions } = each.signature;
    const task = signature(`${spell(inputs)} -> ${spell(outputs)}`, instructions);
    const adapter = adapters[each.adapter];
    if (each.fields) expect(adapter.parse(task, each.completion)).toEqual(each.fields);
    else {
      // Where DSPy gives up, a value of the declared type may be recovered, never another.
      try {
        const read = adapter.parse(task, each.completion);
        for (const { name, type } of task.outputs) expect(check(type, read[name])).toBeUndefined();
      } catch (error) {
        expect(error).toBeInstanceOf(ParseError);
      }
    }
  });
});
