import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { ToolArgumentsError, toolsFromFile } from "../../src/modules/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-tools-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function file(source: string): Promise<string> {
  const path = join(folder, `tools-${++files}.ts`);
  await writeFile(path, source);
  return path;
}

describe("toolsFromFile", () => {
  test("makes tools of exported functions by their types and doc comments", async () => {
    const path = await file(`
      export interface Place {
        /** As on the map. */
        city: string;
        country?: string;
      }
      const hidden = () => 1;
      export const version = "1";
      /**
       * Tells the weather.
       * @param place - where
       * @param unit the unit of the figure
       * @param days how many days ahead
       */
      export async function weather(
        place: Place, unit: "celsius" | "kelvin" = "celsius", days?: number, signal?: AbortSignal,
      ): Promise<string> {
        return [place.city, place.country ?? "-", unit, days ?? "today", signal instanceof AbortSignal].join(" ");
      }
      /** Adds up. */
      export const total = ({ values, labels }: { values: number[]; labels?: Record<string, boolean | null> }) =>
        values.reduce((sum, value) => sum + value, 0) + Object.keys(labels ?? {}).length;
    `);
    const [weather, total, ...others] = await toolsFromFile(path);
    expect(others).toEqual([]);
    expect(weather).toMatchObject({ name: "weather", description: "Tells the weather." });
    expect(weather!.parameters).toEqual({
      type: "object",
      additionalProperties: false,
      required: ["place", "unit", "days"],
      properties: {
        place: {
          type: "object",
          additionalProperties: false,
          required: ["city", "country"],
          properties: {
            city: { type: "string", description: "As on the map." },
            country: { anyOf: [{ type: "string" }, { type: "null" }] },
          },
          description: "where",
        },
        unit: {
          anyOf: [{ type: "string", enum: ["celsius", "kelvin"] }, { type: "null" }],
          description: "the unit of the figure",
        },
        days: { anyOf: [{ type: "number" }, { type: "null" }], description: "how many days ahead" },
      },
    });
    await expect(weather!.call({ place: { city: "Bern" }, days: "2" })).resolves.toBe(
      "Bern - celsius 2 true",
    );
    await expect(weather!.call({ place: { city: "Bern" }, unit: "Kelvin", days: null })).resolves.toBe(
      "Bern - kelvin today true",
    );
    await expect(weather!.call({ place: "Bern" })).rejects.toThrow(ToolArgumentsError);
    await expect(total!.call({ values: [1, 2], labels: { a: true, b: null } })).resolves.toBe(5);
  });

  test.each([
    [
      "a type that JSON cannot say",
      "/** A. */ export function late(when: Date) {}",
      /function late, parameter when: the type `Date`/,
    ],
    [
      "a function as an argument",
      "/** A. */ export function each(run: () => void) {}",
      /function each, parameter run: the type `\(\) => void`/,
    ],
    [
      "a type within a list",
      "/** A. */ export function sum(n: bigint[]) {}",
      /function sum, parameter n: the type `bigint`/,
    ],
    [
      "a type that refers to itself",
      "interface Tree { kids: Tree[] }\n/** A. */ export function walk(tree: Tree) {}",
      /parameter tree.kids: the type `Tree` refers to itself/,
    ],
    [
      "a type that is not there",
      "/** A. */ export function look(at: Missing) {}",
      /parameter at: .*cannot be found/,
    ],
    [
      "a type parameter",
      "/** A. */ export function same<T>(x: T) {}",
      /function same, parameter x: the type `T`/,
    ],
    ["no type", "/** A. */ export function any(x) {}", /function any, parameter x: has no type/],
    ["no doc comment", "export function quiet(x: string) {}", /function quiet: has no doc comment/],
    [
      "several forms",
      "/** A. */ export function two(x: string): void; export function two(x: number): void; export function two(x: unknown) {}",
      /function two: has 2 overloads/,
    ],
    ["rest parameters", "/** A. */ export function all(...x: string[]) {}", /parameter x: takes the rest/],
    ["nothing", "export const x = 1;", /exports no function/],
    ["what is no TypeScript", "export function (", /line 1/],
  ])("%s is an error with its place", async (_, source, message) => {
    const path = await file(source);
    const error: unknown = await toolsFromFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
  });

  test("a file that is not there is an error; one that was changed is read anew", async () => {
    await expect(toolsFromFile(join(folder, "none.ts"))).rejects.toThrow("there is no file");
    const path = await file("/** One. */ export function one() { return 1; }");
    const [before] = await toolsFromFile(path);
    await writeFile(path, "/** One, anew. */ export function one() { return 2; }");
    await utimes(path, new Date(), new Date(Date.now() + 5_000));
    const [after] = await toolsFromFile(path);
    expect(await before!.call({})).toBe(1);
    expect(await after!.call({})).toBe(2);
    expect(after!.description).toBe("One, anew.");
  });
});
