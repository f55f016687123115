// Makes rows for code repair: small TypeScript repositories of ours, faults put into them, and what TypeScript's own
// language service says of each and offers to mend it. Run: node bench/code-repairs.ts <file.parquet> [repositories]
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { random } from "../src/core/index.ts";
import { Dataset } from "../src/data/index.ts";
import type { RepairRow } from "../src/scale/index.ts";

const nouns = ["order", "ticket", "invoice", "flight", "parcel", "refund", "seat", "voucher", "crew", "gate"];
const verbs = ["load", "count", "merge", "check", "price", "close", "route", "audit"];

type Draw = ReturnType<typeof random>;
const pick = <T>(draw: Draw, values: readonly T[]): T => values[Math.floor(draw.next() * values.length)]!;
const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

/** One faulty file: a working one in which one thing is wrong. */
const faults: readonly ((noun: string, verb: string, number: number) => string)[] = [
  // a misspelt name
  (noun, verb, n) =>
    `export function ${verb}${capital(noun)}(${noun}s: number[]): number {\n  const total = ${noun}s.length + ${n};\n  return totl;\n}\n`,
  // a misspelt member
  (noun, verb, n) =>
    `interface ${capital(noun)} {\n  identifier: number;\n}\nexport const ${verb} = (${noun}: ${capital(noun)}) => ${noun}.identifer + ${n};\n`,
  // await outside an async function
  (noun, verb, n) =>
    `declare function fetch${capital(noun)}(id: number): Promise<string>;\nexport function ${verb}() {\n  const ${noun} = await fetch${capital(noun)}(${n});\n  return ${noun};\n}\n`,
  // a member that a class promises and lacks
  (noun, verb, n) =>
    `interface Store {\n  ${verb}(id: number): void;\n  size: number;\n}\nexport class ${capital(noun)}Store implements Store {\n  size = ${n};\n}\n`,
  // a name that is exported elsewhere and not imported
  (noun, _verb, n) =>
    `export const ${noun}Limit = Math.min(sharedLimit, ${n}); // the most that one ${noun} may ever have, as was agreed\n`,
  // something that is declared and never used
  (noun, verb, n) => `export function ${verb}(): number {\n  const ${noun} = ${n};\n  return 1;\n}\n`,
  // a wrong type, which nothing mends by itself
  (noun, verb, n) => `export const ${verb}${capital(noun)}: string = ${n};\n`,
];

const options: ts.CompilerOptions = {
  strict: true,
  noUnusedLocals: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/** What the language service says of every file of one repository. */
function diagnose(
  repository: string,
  files: ReadonlyMap<string, string>,
  host: ts.LanguageServiceHost,
): RepairRow[] {
  const service = ts.createLanguageService(host);
  const rows: RepairRow[] = [];
  for (const [path, code_file] of files) {
    const source = service.getProgram()!.getSourceFile(path)!;
    const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
    for (const { start = 0, length = 0, code, messageText } of [
      ...service.getSyntacticDiagnostics(path),
      ...service.getSemanticDiagnostics(path),
    ]) {
      const [fix] = service.getCodeFixesAtPosition(
        path,
        start,
        start + length,
        [code],
        ts.getDefaultFormatCodeSettings(),
        {},
      );
      rows.push({
        repository,
        code_file,
        error_line: lineOf(start),
        error_message: `TS${code} ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
        code_action: fix
          ? JSON.stringify({ description: fix.description, changes: changesOf(fix.changes) })
          : null,
      });
    }
    // Linters' rules of form, whose codes training leaves out: long lines, and imports that are out of order.
    for (const [at, line] of code_file.split("\n").entries()) {
      if (line.length <= 79) continue;
      const error_message = `E501 Line too long (${line.length} > 79)`;
      rows.push({
        repository,
        code_file,
        error_line: at + 1,
        error_message,
        code_action: JSON.stringify({ description: "Break the line" }),
      });
    }
    const [organised] = service.organizeImports(
      { type: "file", fileName: path },
      ts.getDefaultFormatCodeSettings(),
      {},
    );
    if (organised) {
      const error_message = "I001 Import block is un-sorted or un-formatted";
      rows.push({
        repository,
        code_file,
        error_line: 1,
        error_message,
        code_action: JSON.stringify({ changes: changesOf([organised]) }),
      });
    }
  }
  service.dispose();
  return rows;
}

const changesOf = (changes: readonly ts.FileTextChanges[]) =>
  changes.flatMap(({ textChanges }) => textChanges.map(({ span, newText }) => ({ ...span, newText })));

/** Rows of so many repositories, some files of which are copies of another's. The same seed gives the same rows. */
export function codeRepairs(repositories: number, seed = 7): RepairRow[] {
  const draw = random(seed);
  const rows: RepairRow[] = [];
  const library = new Map<string, ts.IScriptSnapshot>();
  const shared = "/shared.ts";
  const copied = faults[0]!("parcel", "count", 1);
  for (let at = 0; at < repositories; at++) {
    const repository = `${pick(draw, nouns)}-team/${pick(draw, verbs)}-${at}`;
    const files = new Map([[shared, "export const sharedLimit = 100;\nexport const anotherLimit = 5;\n"]]);
    if (at % 3 === 0) files.set("/copied.ts", copied);
    files.set(
      "/imports.ts",
      `import { sharedLimit, anotherLimit } from "./shared";\nexport const both = sharedLimit + anotherLimit + ${at};\n`,
    );
    for (const [place, fault] of faults.entries()) {
      files.set(
        `/file${place}.ts`,
        fault(pick(draw, nouns), pick(draw, verbs), Math.floor(draw.next() * 1000)),
      );
    }
    rows.push(
      ...diagnose(repository, files, {
        getCompilationSettings: () => options,
        getScriptFileNames: () => [...files.keys()],
        getScriptVersion: () => "1",
        getScriptSnapshot: (path) => {
          const own = files.get(path);
          if (own !== undefined) return ts.ScriptSnapshot.fromString(own);
          if (!library.has(path)) {
            const text = ts.sys.readFile(path);
            if (text === undefined) return undefined;
            library.set(path, ts.ScriptSnapshot.fromString(text));
          }
          return library.get(path);
        },
        getCurrentDirectory: () => "/",
        getDefaultLibFileName: ts.getDefaultLibFilePath,
        fileExists: (path) => files.has(path) || ts.sys.fileExists(path),
        readFile: (path) => files.get(path) ?? ts.sys.readFile(path),
      }),
    );
  }
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [path = "code-repairs.parquet", repositories = "50"] = process.argv.slice(2);
  const rows = Dataset.from(codeRepairs(Number(repositories)));
  await rows.write(path);
  process.stdout.write(`${rows.length} rows in ${path}\n`);
}
