import type { Type, TypeChecker } from "typescript";
import { ConfigurationError } from "../../core/index.ts";
import { type FieldType, literalOf, optionalOf, type Property, unionOf } from "../../signature/index.ts";
import type { Compiler } from "./typescript.ts";

/** Reads types of TypeScript as field types. `place` names the function and parameter in errors. */
export class ParameterTypes {
  private readonly ts: Compiler;
  private readonly checker: TypeChecker;

  constructor(ts: Compiler, checker: TypeChecker) {
    this.ts = ts;
    this.checker = checker;
  }

  /** Throws ConfigurationError, with the place and the type, for what JSON cannot say. */
  read(type: Type, place: string, within: readonly Type[] = []): FieldType {
    const { ts, checker } = this;
    const { flags } = type;
    const refuse = (why: string) =>
      new ConfigurationError(
        `${place}: the type \`${checker.typeToString(type)}\` ${why}; use text, numbers, booleans, literals, lists ` +
          `and objects of these`,
      );
    if (within.includes(type)) throw refuse("refers to itself");
    if (flags & ts.TypeFlags.Any && (type as { intrinsicName?: string }).intrinsicName === "error") {
      throw refuse("cannot be found");
    }
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return { kind: "any" };
    if (flags & ts.TypeFlags.Null) return { kind: "null" };
    if (type.isStringLiteral() || type.isNumberLiteral()) return literalOf([type.value]);
    if (flags & ts.TypeFlags.BooleanLiteral) return literalOf([checker.typeToString(type) === "true"]);
    if (flags & ts.TypeFlags.Boolean) return { kind: "boolean" };
    if (flags & ts.TypeFlags.String) return { kind: "string" };
    if (flags & ts.TypeFlags.Number) return { kind: "number" };
    const inside = [...within, type];
    if (type.isUnion()) return this.union(type.types, place, inside);
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as never);
      return { kind: "list", item: this.read(item!, place, inside) };
    }
    const isObject = (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
    const isCallable = type.getCallSignatures().length + type.getConstructSignatures().length > 0;
    if (!isObject || isCallable || checker.isTupleType(type) || this.isBuiltIn(type)) {
      throw refuse("cannot be given as JSON");
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    if (index && type.getProperties().length === 0) {
      return { kind: "record", value: this.read(index.type, place, inside) };
    }
    if (index) throw refuse("has both names and an index");
    return { kind: "object", fields: this.properties(type, place, inside) };
  }

  /** The properties of an object type. */
  properties(type: Type, place: string, within: readonly Type[] = []): Property[] {
    return type.getProperties().map((symbol) => {
      const name = symbol.getName();
      return this.property(
        name,
        this.checker.getTypeOfSymbol(symbol),
        (symbol.flags & this.ts.SymbolFlags.Optional) !== 0,
        this.ts.displayPartsToString(symbol.getDocumentationComment(this.checker)),
        `${place}.${name}`,
        within,
      );
    });
  }

  /** One argument; `undefined` among its types makes it one that may be left out. */
  property(
    name: string,
    type: Type,
    optional: boolean,
    description: string,
    place: string,
    within: readonly Type[] = [],
  ): Property {
    const absent = type.isUnion() && type.types.some(({ flags }) => flags & this.ts.TypeFlags.Undefined);
    const text = description.trim();
    return {
      name,
      type: this.read(type, place, within),
      optional: optional || absent,
      ...(text !== "" && { description: text }),
    };
  }

  private union(types: readonly Type[], place: string, within: readonly Type[]): FieldType {
    const { TypeFlags } = this.ts;
    const given = types.filter(({ flags }) => !(flags & TypeFlags.Undefined));
    const both = given.filter(({ flags }) => flags & TypeFlags.BooleanLiteral).length === 2;
    const rest = both ? given.filter(({ flags }) => !(flags & TypeFlags.BooleanLiteral)) : given;
    const options = rest.map((option) => this.read(option, place, within));
    const union = unionOf(both ? [...options, { kind: "boolean" }] : options);
    return given.some(({ flags }) => flags & TypeFlags.Null) ? optionalOf(union) : union;
  }

  /** True for classes, and for interfaces of the language itself: `Date`, `Map`, `Promise`. */
  private isBuiltIn(type: Type): boolean {
    if (type.isClass()) return true;
    const symbol = type.getSymbol();
    // The types that `Record` and `Pick` make are declared there too, without a name.
    if (!symbol || !(symbol.flags & this.ts.SymbolFlags.Interface)) return false;
    return (symbol.getDeclarations() ?? []).some((declaration) =>
      /[\\/](?:lib\.[\w.]+\.d\.ts|@types[\\/]node[\\/].*)$/.test(declaration.getSourceFile().fileName),
    );
  }
}
