import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Adapter, chatAdapter, jsonAdapter, xmlAdapter } from "../../src/adapters/index.ts";
import { ParseError } from "../../src/core/index.ts";
import { check } from "../../src/signature/index.ts";
import { mangle, task } from "./arbitrary.ts";

const seed = 20261121;
console.log(`fast-check seed ${seed}`);

type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

/** A reply as the format itself writes it: that of a demo. */
function wellFormed(adapter: Adapter, { signature, inputs, outputs }: Task): string {
  const message = adapter.format(signature, [{ ...inputs, ...outputs }], inputs)[2]!;
  expect(message.role).toBe("assistant");
  return message.content as string;
}

/** What the adapter reads, or undefined where it throws the one error it may. */
function read(adapter: Adapter, { signature }: Task, reply: string, cut = false) {
  try {
    return adapter.parse(signature, reply, { cut });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    expect(error.completion).toBe(reply);
    return undefined;
  }
}

describe.each([chatAdapter, jsonAdapter, xmlAdapter].map((adapter) => [adapter.name, adapter] as const))(
  "%s",
  (_name, adapter) => {
    test("a well-formed reply gives exactly the values it was made of", () => {
      fc.assert(
        fc.property(task, (task) => {
          expect(adapter.parse(task.signature, wellFormed(adapter, task))).toEqual(task.outputs);
        }),
        { seed, numRuns: 2_000 },
      );
    });

    test("10,000 mangled replies: a value of the type or a ParseError", () => {
      fc.assert(
        fc.property(task, mangle, (task, mangle) => {
          const outputs = read(adapter, task, mangle(wellFormed(adapter, task)));
          if (!outputs) return;
          expect(Object.keys(outputs)).toEqual(task.signature.outputs.map(({ name }) => name));
          for (const { name, type } of task.signature.outputs)
            expect(check(type, outputs[name])).toBeUndefined();
        }),
        { seed, numRuns: 10_000 },
      );
    });

    test("a reply known to be cut gives the whole values or none", () => {
      fc.assert(
        fc.property(task, fc.double({ min: 0, max: 1, noNaN: true }), (task, place) => {
          const reply = wellFormed(adapter, task);
          const outputs = read(adapter, task, reply.slice(0, Math.floor(place * reply.length)), true);
          if (outputs) expect(outputs).toEqual(task.outputs);
        }),
        { seed, numRuns: 3_000 },
      );
    });

    test("a reply that streams gives the same text whatever its pieces", () => {
      fc.assert(
        fc.property(task, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (task, sizes) => {
          const reply = wellFormed(adapter, task);
          const reader = adapter.reader(task.signature);
          const texts: Record<string, string> = {};
          const keep = (deltas: { field: string; delta: string }[]) => {
            for (const { field, delta } of deltas) texts[field] = (texts[field] ?? "") + delta;
          };
          for (let at = 0, piece = 0; at < reply.length; piece++) {
            const size = sizes[piece % sizes.length]!;
            keep(reader.push(reply.slice(at, at + size)));
            at += size;
          }
          keep(reader.end());
          for (const { name, type } of task.signature.outputs) {
            const value = task.outputs[name];
            if (type.kind === "string") expect(texts[name] ?? "").toBe(value);
            else if (texts[name] !== undefined && texts[name] !== "" && typeof value !== "string") {
              expect(JSON.parse(texts[name])).toEqual(value);
            }
          }
        }),
        { seed, numRuns: 2_000 },
      );
    });
  },
);
