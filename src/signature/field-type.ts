/** A value a `Literal` may name. */
export type LiteralValue = string | number | boolean | null;

/** A property of an object type. `optional` means it may be absent. */
export interface Property {
  readonly name: string;
  readonly type: FieldType;
  readonly description?: string;
  readonly optional: boolean;
}

/**
 * What lmframe needs of a schema of zod 4. Structural, since a notebook's own `zod` is another copy of the
 * package than ours, and so that these types hold in compilers older than zod's.
 */
export interface ZodSchema<T = unknown> {
  readonly _zod: { readonly output: T; readonly def: { readonly type: string } };
}

/**
 * The type of a field, as data. Everything but the `schema` of a zod type is plain JSON.
 *
 * `union` holds no `null`, `optional`, `union` or second `literal` among its options: `unionOf` sees to
 * that, so that one type has one form.
 */
export type FieldType =
  | { readonly kind: "string" }
  | { readonly kind: "integer" }
  | { readonly kind: "number" }
  | { readonly kind: "boolean" }
  | { readonly kind: "null" }
  | { readonly kind: "any" }
  | { readonly kind: "literal"; readonly values: readonly LiteralValue[] }
  | { readonly kind: "list"; readonly item: FieldType }
  | { readonly kind: "record"; readonly value: FieldType }
  | { readonly kind: "optional"; readonly inner: FieldType }
  | { readonly kind: "union"; readonly options: readonly FieldType[] }
  | { readonly kind: "object"; readonly fields: readonly Property[] }
  | { readonly kind: "zod"; readonly schema: ZodSchema }
  | { readonly kind: "media"; readonly media: "image" | "audio" | "file" }
  | { readonly kind: "history" };

/**
 * An image, a sound or a file given to a model: an address (`https:` or `data:`), or the bytes with their
 * media type (`image/png`) and, for a file, its name.
 */
export type Media =
  string | { readonly data: Uint8Array; readonly mediaType: string; readonly name?: string };

/** Earlier turns of a conversation, oldest first; each turn holds the signature's fields by name. */
export interface History {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
}

/** `T | null`; a type that may be null already stays as it is. */
export function optionalOf(inner: FieldType): FieldType {
  return inner.kind === "optional" || inner.kind === "null" ? inner : { kind: "optional", inner };
}

/** The union of `options` in its one form: flat, without repeats, literals merged, `null` as `optional`. */
export function unionOf(options: readonly FieldType[]): FieldType {
  let nullable = false;
  const flat: FieldType[] = [];
  const literals: LiteralValue[] = [];
  const add = (option: FieldType): void => {
    if (option.kind === "union") option.options.forEach(add);
    else if (option.kind === "null") nullable = true;
    else if (option.kind === "optional") {
      nullable = true;
      add(option.inner);
    } else if (option.kind === "literal") {
      if (literals.length === 0) flat.push(option);
      literals.push(...option.values);
    } else if (!flat.some((known) => sameType(known, option))) flat.push(option);
  };
  options.forEach(add);

  const merged = flat.map((option) => (option.kind === "literal" ? literalOf(literals) : option));
  const only = merged.length === 1 ? merged[0] : undefined;
  if (merged.length === 0) return { kind: "null" };
  const union: FieldType = only ?? { kind: "union", options: merged };
  return nullable ? optionalOf(union) : union;
}

/** A literal type of `values` without repeats. */
export function literalOf(values: readonly LiteralValue[]): FieldType {
  return { kind: "literal", values: [...new Set(values)] };
}

/** True where `type`, or a type within it, satisfies `test`. The inside of a zod schema is not looked at. */
export function someType(type: FieldType, test: (type: FieldType) => boolean): boolean {
  return test(type) || parts(type).some((part) => someType(part, test));
}

/** True where a conversation is given: `History`, or `Optional[History]`. */
export function isHistory(type: FieldType): boolean {
  return (type.kind === "optional" ? type.inner : type).kind === "history";
}

function parts(type: FieldType): readonly FieldType[] {
  switch (type.kind) {
    case "list":
      return [type.item];
    case "record":
      return [type.value];
    case "optional":
      return [type.inner];
    case "union":
      return type.options;
    case "object":
      return type.fields.map((property) => property.type);
    default:
      return [];
  }
}

/** True for equal types; schemas of zod are equal only to themselves. */
function sameType(a: FieldType, b: FieldType): boolean {
  if (a.kind === "zod" || b.kind === "zod") {
    return a.kind === "zod" && b.kind === "zod" && a.schema === b.schema;
  }
  const [first, second] = [parts(a), parts(b)];
  if (first.length === 0 || second.length === 0) return JSON.stringify(a) === JSON.stringify(b);
  return (
    a.kind === b.kind &&
    first.length === second.length &&
    first.every((part, index) => sameType(part, second[index]!)) &&
    (a.kind !== "object" || b.kind !== "object" || sameNames(a.fields, b.fields))
  );
}

function sameNames(a: readonly Property[], b: readonly Property[]): boolean {
  return a.every(({ name, optional }, index) => name === b[index]!.name && optional === b[index]!.optional);
}
