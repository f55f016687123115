import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionLikeDeclaration, Program, Signature, Symbol as TsSymbol, Type } from "typescript";
import { ConfigurationError } from "../../core/index.ts";
import type { Property } from "../../signature/index.ts";
import { ParameterTypes } from "./parameter-type.ts";
import { Tool } from "./tool.ts";
import { type Compiler, loadCompiler } from "./typescript.ts";

/** An exported function as it is declared. */
interface Declared {
  name: string;
  description: string;
  fields: Property[];
  /** The values for its parameters, in their order, from the arguments by name. */
  readonly values: (args: Readonly<Record<string, unknown>>, signal: AbortSignal) => unknown[];
}

/**
 * Makes a tool of each function that a TypeScript file exports: what it is good for is its doc comment, its
 * arguments are its parameters with their types and `@param` texts. A function with a single object parameter that
 * is taken apart in place (`({ query, k }: { … })`) takes its properties. A parameter of type `AbortSignal` gets the
 * signal of the call, and is no argument.
 *
 * Needs the package `typescript` (5 or 6). The file is imported, so it runs, and it must be TypeScript that Node can
 * strip (no enums, no parameter properties). Read again, a file that was changed is imported anew.
 *
 * @param path - of the file, from the current directory.
 * @throws ConfigurationError where the file, the compiler or an exported function is missing, a function says nothing
 * of itself, or a parameter has a type that JSON cannot say; with the function, the parameter and the type.
 */
export async function toolsFromFile(path: string): Promise<Tool[]> {
  const file = resolve(path);
  const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (changed === undefined) throw new ConfigurationError(`there is no file ${path}`);
  const declared = declaredFunctions(loadCompiler(), file, path);
  const url = pathToFileURL(file);
  // Vite and tsx tell the language by the end of an address.
  url.search = `changed=${changed}.ts`;
  const exported = (await import(url.href)) as Record<string, (...values: unknown[]) => unknown>;
  return declared.map(
    ({ name, description, fields, values }) =>
      new Tool({
        name,
        description,
        type: { kind: "object", fields },
        run: (args, { signal }) => exported[name]!(...values(args as Record<string, unknown>, signal)),
      }),
  );
}

function declaredFunctions(ts: Compiler, file: string, path: string): Declared[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
  });
  const source = program.getSourceFile(file);
  if (!source) throw new ConfigurationError(`${path} cannot be read as TypeScript`);
  const [wrong] = program.getSyntacticDiagnostics(source);
  if (wrong) {
    const { line } = source.getLineAndCharacterOfPosition(wrong.start);
    throw new ConfigurationError(
      `${path}, line ${line + 1}: ${ts.flattenDiagnosticMessageText(wrong.messageText, " ")}`,
    );
  }
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(source);
  const functions = (module ? checker.getExportsOfModule(module) : []).flatMap((symbol) =>
    declaredFunction(ts, program, symbol, path),
  );
  if (functions.length === 0) throw new ConfigurationError(`${path} exports no function to make a tool of`);
  return functions;
}

/** What is exported under `symbol`, where that is a function. */
function declaredFunction(ts: Compiler, program: Program, symbol: TsSymbol, path: string): Declared[] {
  const checker = program.getTypeChecker();
  const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  if (!(own.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable))) return [];
  const name = symbol.getName();
  const signatures = checker.getTypeOfSymbol(own).getCallSignatures();
  if (signatures.length === 0) return [];
  const place = `${path}, function ${name}`;
  const [signature] = signatures;
  if (signatures.length > 1) {
    throw new ConfigurationError(`${place}: has ${signatures.length} overloads; a tool has one form`);
  }
  const description = ts.displayPartsToString(own.getDocumentationComment(checker)).trim();
  if (description === "") {
    throw new ConfigurationError(
      `${place}: has no doc comment, which tells the model what it is good for; write /** … */ above it`,
    );
  }
  return [{ name, description, ...parameters(ts, program, signature!, place) }];
}

function parameters(
  ts: Compiler,
  program: Program,
  signature: Signature,
  place: string,
): Pick<Declared, "fields" | "values"> {
  const checker = program.getTypeChecker();
  const types = new ParameterTypes(ts, checker);
  const declaration = signature.getDeclaration() as FunctionLikeDeclaration;
  const isSignal = (type: Type) => checker.getNonNullableType(type).getSymbol()?.getName() === "AbortSignal";
  const list = signature.getParameters().map((symbol, index) => {
    const node = declaration.parameters[index]!;
    const type = checker.getTypeOfSymbol(symbol);
    const at = `${place}, parameter ${node.name.getText()}`;
    if (!node.type && !node.initializer && !isSignal(type) && type.flags & ts.TypeFlags.Any) {
      throw new ConfigurationError(
        `${at}: has no type; write one, such as \`${node.name.getText()}: string\``,
      );
    }
    if (node.dotDotDotToken) throw new ConfigurationError(`${at}: takes the rest; give it as a list`);
    return { symbol, node, type, at, isSignal: isSignal(type) };
  });
  const given = list.filter((parameter) => !parameter.isSignal);
  const [only] = given;
  if (only && given.length === 1 && !ts.isIdentifier(only.node.name)) {
    return {
      fields: types.properties(checker.getNonNullableType(only.type), only.at),
      values: (args, signal) => list.map((parameter) => (parameter.isSignal ? signal : args)),
    };
  }
  const fields = given.map(({ symbol, node, type, at }) => {
    if (!ts.isIdentifier(node.name)) {
      throw new ConfigurationError(`${at}: is taken apart in place beside other parameters; give it a name`);
    }
    const description = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    const optional = node.questionToken !== undefined || node.initializer !== undefined;
    return types.property(symbol.getName(), type, optional, description.replace(/^-\s*/, ""), at);
  });
  return {
    fields,
    values: (args, signal) =>
      list.map((parameter) => (parameter.isSignal ? signal : args[parameter.symbol.getName()])),
  };
}
