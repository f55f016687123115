import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseType, signature } from "../../src/signature/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modern = ["--module", "nodenext"];
const compilers = [
  {
    name: "5.0 of the notebook kernel",
    path: "@tslab/typescript-for-tslab/lib/tsc.js",
    resolution: ["--moduleResolution", "node"],
  },
  { name: "6", path: "typescript/bin/tsc", resolution: modern },
  { name: "7", path: "typescript-next/bin/tsc", resolution: modern },
];

/** A signature and the type each of its sides must have. */
const readings: [text: string, inputs: string, outputs: string][] = [
  ["text -> label", "{ text: string }", "{ label: string }"],
  ["text->label:int", "{ text: string }", "{ label: number }"],
  [
    "\n  text : str ,\n\n\tmore: float\r\n  ->\n  label : bool\n",
    "{ text: string; more: number }",
    "{ label: boolean }",
  ],
  ["-> joke", "{}", "{ joke: string }"],
  [
    "text, input, output, type -> name, constructor",
    "{ text: string; input: string; output: string; type: string }",
    "{ name: string; constructor: string }",
  ],
  [
    "a -> b: Literal['negative', 'neutral', 'positive']",
    "{ a: string }",
    "{ b: 'negative' | 'neutral' | 'positive' }",
  ],
  [
    `a -> b: Literal['x, y', "it's", 'say \\'x\\'', '->', ': ] }', 1, -2.5, True, None]`,
    "{ a: string }",
    `{ b: "x, y" | "it's" | "say 'x'" | "->" | ": ] }" | 1 | -2.5 | true | null }`,
  ],
  [
    "a: Literal['x -> y', '['] -> b: 'p' | \"q|r\" | null",
    "{ a: 'x -> y' | '[' }",
    "{ b: 'p' | 'q|r' | null }",
  ],
  ["a: Literal['ends in a \\\\', '\\n'] -> b", `{ a: "ends in a \\\\" | "\\n" }`, "{ b: string }"],
  [
    "a: list[str], b: List[int] -> c: float[][], d: Array<'x'>",
    "{ a: string[]; b: number[] }",
    "{ c: number[][]; d: 'x'[] }",
  ],
  [
    "a: dict[str, list[int]] -> b: Record<string, Dict[str, bool]>",
    "{ a: Record<string, number[]> }",
    "{ b: Record<string, Record<string, boolean>> }",
  ],
  [
    "a: Optional[int] -> b: Union[int, list[str], None], c: (int | str)[]",
    "{ a: number | null }",
    "{ b: number | string[] | null; c: (number | string)[] }",
  ],
  [
    "a: list, b: dict -> c: Any, d: unknown, e: None",
    "{ a: unknown[]; b: Record<string, unknown> }",
    "{ c: unknown; d: unknown; e: null }",
  ],
  [
    "a -> b: { name: string; age?: int, tags: { of: 'x' | 'y' }[], }",
    "{ a: string }",
    "{ b: { name: string; age?: number; tags: { of: 'x' | 'y' }[] } }",
  ],
  [
    "photo: Image, talk: dspy.Audio[], paper: File, past: dspy.History -> a",
    "{ photo: Media; talk: Media[]; paper: Media; past: History }",
    "{ a: string }",
  ],
];

/** A signature that neither reader takes, and what the type checker says. */
const mistakes: [text: string, message: string][] = [
  ["text", "a signature reads 'inputs -> outputs'; found no '->'"],
  ["text => label", "a signature reads 'inputs -> outputs'; found no '->'"],
  ["a -> b -> c", "a signature has one '->'; found more"],
  ["text -> label: strng", "unknown type 'strng' of field 'label'"],
  ["text: list[Dict[str, strng]] -> label", "unknown type 'strng' of field 'text'"],
  ["text -> label: String", "unknown type 'String' of field 'label'"],
  ["text -> label: tuple[int]", "unknown type 'tuple[int]' of field 'label'"],
  ["text -> label: list[int", "unclosed bracket or quote in 'list[int' of field 'label'"],
  ["text -> label: list[int]]", "unclosed bracket or quote in 'int]' of field 'label'"],
  ["text -> label: list[int>", "unknown type 'list[int>' of field 'label'"],
  ["text: list[int -> label", "unclosed bracket or quote before '->'"],
  ["text -> label: Literal['a, 'b']", "unclosed bracket or quote"],
  ["text -> label: Literal[a]", "expected a value such as 'a', 1, True or None, found 'a' of field 'label'"],
  ["text -> label: Literal[1.0]", "write the number '1.0' in its shortest form of field 'label'"],
  ["text -> label: Literal['a' 'b']", "unclosed bracket or quote in ''a' 'b'' of field 'label'"],
  ["text -> label: '\\q'", "unknown escape '\\\\q' of field 'label'"],
  ["text -> label: Literal[]", "unknown type 'Literal[]' of field 'label'"],
  ["text -> label: list[]", "unknown type 'list[]' of field 'label'"],
  ["text -> label: Array", "unknown type 'Array' of field 'label'"],
  ["text -> label: int |", "missing type of field 'label'"],
  ["text: -> label", "missing type of field 'text'"],
  [
    "text -> label: dict[int, str]",
    "keys are str in JSON: write dict[str, T], not 'dict[int, str]' of field 'label'",
  ],
  ["text -> label: dict[str]", "'dict[str]' needs two types: dict[str, T] of field 'label'"],
  ["text -> label: { a: int; a: str }", "property 'a' stands in an object twice of field 'label'"],
  ["text -> label: { a }", "expected 'name: type' in an object, found 'a' of field 'label'"],
  ["text, -> label", "a field has no name"],
  ["text ->", "a field has no name"],
  ["te xt -> label", "invalid name 'te xt'"],
  ["1st -> label", "invalid name '1st'"],
  ["naïve -> label", "invalid name 'naïve'"],
  ["__proto__ -> label", "invalid name '__proto__'"],
  ["text, text -> label", "field 'text' stands here twice"],
  ["text -> text", "field 'text' stands here twice"],
];

/** Sixty fields, one with the labels of a real intent classifier's size; about 4,500 characters. */
const large = (() => {
  const labels = Array.from({ length: 150 }, (_, index) => `'label_${index}'`).join(", ");
  const fields = Array.from({ length: 29 }, (_, index) => [
    `field_with_a_name_${index}: Literal['yes, it is', 'no', 'unknown']`,
    `list_${index}: dict[str, list[Optional[int]]]`,
  ]).flat();
  return `text, ${fields.slice(0, 20).join(",\n  ")} -> ${fields.slice(20).join(",\n  ")}, label: Literal[${labels}]`;
})();

const code = (text: string): string => JSON.stringify(text);
const head = `import { inputField, outputField, signature, type History, type InputsOf, type Media, type OutputsOf } from "./types/signature/index.js";
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = T extends (infer I)[] ? Flat<I>[] : T extends object ? { [K in keyof T]: Flat<T[K]> } : T;
function same<A, B>(_: Same<Flat<A>, Flat<B>>): void { _; }
declare const text: string;
`;

/** Each line of code with what the compiler must say of it, or undefined where it must say nothing. */
const right: [line: string, message?: string][] = [
  ...readings.flatMap(([text, inputs, outputs]): [string][] => [
    [`same<InputsOf<${code(text)}>, ${inputs}>(true);`],
    [`same<OutputsOf<${code(text)}>, ${outputs}>(true);`],
    [`signature(${code(text)});`],
  ]),
  [
    "const plain = signature('text -> label: Literal[\"a\", \"b\"]'); const tuned = signature(plain, 'New.');",
  ],
  ["same<OutputsOf<typeof tuned>, { label: 'a' | 'b' }>(true);"],
  ["declare const given: OutputsOf<typeof plain>; given.label === 'c';", "no overlap"],
  ["given.lable;", "Did you mean 'label'"],
  [
    "const edited = plain.prependOutput('why').appendInput('n', 'int').without('text').appendOutput('more', '{ a: int }[]');",
  ],
  ["same<InputsOf<typeof edited>, { n: number }>(true);"],
  ["same<OutputsOf<typeof edited>, { label: 'a' | 'b'; why: string; more: { a: number }[] }>(true);"],
  ["plain.appendOutput('x', 'strng');", "lmframe: unknown type 'strng'"],
  ["plain.without('lable');", '"lable"'],
  ["plain.describe({ lable: 'x' });", "'lable'"],
  [
    "const object = signature({ instructions: 'x', inputs: { a: 'str' }, outputs: { b: 'list[int]', c: { type: \"'x' | 'y'\" }, d: { description: 'z' } } });",
  ],
  ["same<InputsOf<typeof object>, { a: string }>(true);"],
  ["same<OutputsOf<typeof object>, { b: number[]; c: 'x' | 'y'; d: string }>(true);"],
  ["signature({ inputs: { a: 'str' }, outputs: { b: 'lst[int]' } });", "lmframe: unknown type 'lst[int]'"],
  ["signature({ inputs: { a: 'str' }, outputs: { b: { type: 'flot' } } });", "lmframe: unknown type 'flot'"],
  [
    "class Triage { static instructions = 'x'; report = inputField('str', 'y'); urgency = outputField(\"'low' | 'high'\"); why = outputField(); }",
  ],
  ["const triage = signature(Triage); same<InputsOf<typeof triage>, InputsOf<typeof Triage>>(true);"],
  ["same<OutputsOf<typeof triage>, { urgency: 'low' | 'high'; why: string }>(true);"],
  ["outputField('lst[int]');", "lmframe: unknown type 'lst[int]'"],
  ["const loose = signature(text); same<InputsOf<typeof loose>, Record<string, unknown>>(true);"],
  [
    "const hole = signature(`text -> label: Literal[${text}]`); same<OutputsOf<typeof hole>, Record<string, unknown>>(true);",
  ],
  ["declare const schema: { readonly _zod: { output: { a: number[] }; def: { type: 'object' } } };"],
  [
    "const nested = signature({ inputs: {}, outputs: { b: schema, c: { type: schema, description: 'x' } } });",
  ],
  ["same<OutputsOf<typeof nested>, { b: { a: number[] }; c: { a: number[] } }>(true);"],
  ["same<InputsOf<any>, any>(true);"],
  [`const large = signature(${code(large)});`],
  [
    "declare const big: OutputsOf<typeof large>; const one: 'label_149' extends typeof big.label ? true : false = true; one;",
  ],
  ["big.label === 'label_150';", "no overlap"],
  ["big.list_28[''] = [1, null]; big.field_with_a_name_28 = 'yes, it is';"],
  ["big.list_28[''] = ['x'];", "not assignable to type 'number"],
];
const wrong = mistakes.map(([text, message]): [string, string] => [
  `signature(${code(text)});`,
  `lmframe: ${message}`,
]);

let folder: string;

function run(compiler: string, ...options: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "node_modules", compiler), ...options],
      { cwd: folder },
      (_, stdout) => {
        resolve(stdout);
      },
    );
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmframe-types-"));
  const settings = {
    extends: join(root, "tsconfig.build.json"),
    compilerOptions: {
      outDir: join(folder, "types"),
      rootDir: join(root, "src"),
      emitDeclarationOnly: true,
      sourceMap: false,
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: [join(root, "src/signature/index.ts")],
    include: [],
  };
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "tsconfig.emit.json"), JSON.stringify(settings));
  expect(await run("typescript/bin/tsc", "-p", "tsconfig.emit.json")).toBe("");
  for (const [name, lines] of [
    ["right", right],
    ["wrong", wrong],
  ] as const) {
    await writeFile(join(folder, `${name}.ts`), head + lines.map(([line]) => line).join("\n"));
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the compiler says of each line of the file; the whole output where it speaks of something else. */
async function verdicts(
  compiler: (typeof compilers)[number],
  name: "right" | "wrong",
  strict: boolean,
): Promise<Map<number, string>> {
  const output = await run(
    compiler.path,
    ...["--noEmit", "--skipLibCheck", "--pretty", "false", "--target", "es2022", "--strict", String(strict)],
    ...compiler.resolution,
    `${name}.ts`,
  );
  const found = new Map<number, string>();
  for (const error of output.split(/\n(?=\S)/).filter((text) => text.trim() !== "")) {
    const place = new RegExp(`^${name}\\.ts\\((\\d+),`).exec(error);
    if (!place) throw new Error(output);
    const line = Number(place[1]) - head.split("\n").length;
    found.set(line, (found.get(line) ?? "") + error);
  }
  return found;
}

describe.each(compilers)("TypeScript $name", (compiler) => {
  test("infers the types of each form, and reports what is not in them", async () => {
    const found = await verdicts(compiler, "right", true);
    for (const [index, [line, message]] of right.entries()) {
      expect.soft(found.get(index) ?? "", line.slice(0, 200)).toMatch(message === undefined ? /^$/ : message);
    }
  });

  // The stock kernel compiles without strict checks.
  test.each(compiler.name.startsWith("5.0") ? [true, false] : [true])(
    "says what is wrong with each mistake (strict: %s)",
    async (strict) => {
      const found = await verdicts(compiler, "wrong", strict);
      for (const [index, [line, message]] of wrong.entries()) {
        expect.soft(found.get(index) ?? "", line).toContain(message);
      }
    },
  );
});

describe("run time agrees", () => {
  test.each(readings)("%j is taken", (text) => {
    expect(signature(text).toString()).toBeTypeOf("string");
  });

  test.each(mistakes)("%j is refused", (text) => {
    expect(() => signature(text)).toThrow(/\^$/);
  });

  test("the large one is taken", () => {
    expect(signature(large).fields).toHaveLength(60);
  });

  test("every named type has a TypeScript type", async () => {
    // The two tables are kept by hand: what one knows alone would be a type at one time and a mistake at the other.
    const { namedTypes } = await import("../../src/signature/parse-type.ts");
    type Named = import("../../src/signature/read-types.ts").NamedTypes;
    const checked: Record<keyof Named, true> = {
      str: true,
      string: true,
      int: true,
      integer: true,
      float: true,
      number: true,
      bool: true,
      boolean: true,
      None: true,
      null: true,
      Any: true,
      any: true,
      unknown: true,
      list: true,
      List: true,
      dict: true,
      Dict: true,
      True: true,
      true: true,
      False: true,
      false: true,
      Image: true,
      "dspy.Image": true,
      Audio: true,
      "dspy.Audio": true,
      File: true,
      "dspy.File": true,
      History: true,
      "dspy.History": true,
    };
    expect([...namedTypes.keys()].sort()).toEqual(Object.keys(checked).sort());
    for (const name of namedTypes.keys()) expect(parseType(name)).toBe(namedTypes.get(name));
  });
});
