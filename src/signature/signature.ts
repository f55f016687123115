import { display, escapeHtml, type Displayable, type MimeBundle } from "../core/display.ts";
import { ConfigurationError, nearest } from "../core/errors.ts";
import { DeclaredField } from "./declared-field.ts";
import { field, type Field, type Role } from "./field.ts";
import type { FieldType } from "./field-type.ts";
import type { CheckedSpec, CheckedType, InputsOf, OutputsOf, ValueOf } from "./infer.ts";
import { defaultInstructions, dedent } from "./instructions.ts";
import { parseType } from "./parse-type.ts";
import type { Flat } from "./read-types.ts";
import type { Definition, FieldSource, SignatureClass, SignatureSource, TypeSource } from "./source.ts";
import { parseSpecification, writeSpecification } from "./specification.ts";
import { typeName } from "./type-name.ts";
import { fromZod, isZodSchema, zodDescription, zodJsonSchema } from "./zod.ts";

/** `T` with a field more. */
type With<T, Name extends string, Type> = Flat<T & Record<Name, ValueOf<Type>>>;

/**
 * What a step takes and gives, and what it is told: `I` and `O` are the types of its inputs and outputs. Made by
 * {@link signature}. Never changes: each edit is a new signature.
 */
export class Signature<I extends object, O extends object> implements Displayable {
  /** For the type checker alone; absent at run time. */
  declare readonly types: { readonly inputs: I; readonly outputs: O };
  /** What the model is told to do. Where none was given: "Given the fields `a`, produce the fields `b`." */
  readonly instructions: string;
  /** Inputs first, then outputs, each in their order. */
  readonly fields: readonly Field[];
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];

  /**
   * @param fields - of both roles, in any order.
   * @param instructions - indentation that its lines share is removed; DSPy's default where undefined.
   * @throws ConfigurationError where two fields share a name, or no output is left.
   */
  constructor(fields: readonly Field[], instructions?: string) {
    const sorted = [...ofRole(fields, "input"), ...ofRole(fields, "output")];
    for (const [index, { name }] of sorted.entries()) {
      if (sorted.findIndex((other) => other.name === name) < index) {
        throw new ConfigurationError(`two fields are named '${name}'; each name stands for one field`);
      }
    }
    if (ofRole(sorted, "output").length === 0) {
      throw new ConfigurationError("a signature needs an output: 'inputs -> outputs'");
    }
    this.fields = Object.freeze(sorted.map((field) => Object.freeze({ ...field })));
    this.inputs = Object.freeze(ofRole(this.fields, "input"));
    this.outputs = Object.freeze(ofRole(this.fields, "output"));
    this.instructions = instructions === undefined ? defaultInstructions(sorted) : dedent(instructions);
    Object.freeze(this);
  }

  /** With other instructions; fields stay. */
  withInstructions(instructions: string): Signature<I, O> {
    return new Signature(this.fields, instructions);
  }

  /**
   * Adds an input after the others; instructions stay.
   *
   * @param type - `str` where none is given.
   */
  appendInput<const Name extends string, const T extends TypeSource = "str">(
    name: Name,
    type?: CheckedType<T>,
    description?: string,
  ): Signature<With<I, Name, T>, O> {
    return new Signature(
      [...this.fields, fieldFrom(name, "input", type ?? "str", description)],
      this.instructions,
    );
  }

  /** Adds an input before the others; see {@link appendInput}. */
  prependInput<const Name extends string, const T extends TypeSource = "str">(
    name: Name,
    type?: CheckedType<T>,
    description?: string,
  ): Signature<With<I, Name, T>, O> {
    return new Signature(
      [fieldFrom(name, "input", type ?? "str", description), ...this.fields],
      this.instructions,
    );
  }

  /** Adds an output after the others; see {@link appendInput}. */
  appendOutput<const Name extends string, const T extends TypeSource = "str">(
    name: Name,
    type?: CheckedType<T>,
    description?: string,
  ): Signature<I, With<O, Name, T>> {
    return new Signature(
      [...this.fields, fieldFrom(name, "output", type ?? "str", description)],
      this.instructions,
    );
  }

  /** Adds an output before the others, as chain of thought does; see {@link appendInput}. */
  prependOutput<const Name extends string, const T extends TypeSource = "str">(
    name: Name,
    type?: CheckedType<T>,
    description?: string,
  ): Signature<I, With<O, Name, T>> {
    return new Signature(
      [fieldFrom(name, "output", type ?? "str", description), ...this.fields],
      this.instructions,
    );
  }

  /** Removes fields; instructions stay. */
  without<Name extends Extract<keyof I | keyof O, string>>(
    ...names: Name[]
  ): Signature<Flat<Omit<I, Name>>, Flat<Omit<O, Name>>> {
    for (const name of names) this.field(name);
    return new Signature(
      this.fields.filter(({ name }) => !(names as string[]).includes(name)),
      this.instructions,
    );
  }

  /** Says anew what fields mean; with an object, the label that DSPy keeps can be set too. */
  describe(
    texts: Readonly<
      Partial<Record<keyof I | keyof O, string | { readonly description?: string; readonly prefix?: string }>>
    >,
  ): Signature<I, O> {
    const described = new Map<string, Partial<Field>>();
    for (const [name, text] of Object.entries<string | Partial<Field> | undefined>(texts)) {
      this.field(name);
      if (text !== undefined) described.set(name, typeof text === "string" ? { description: text } : text);
    }
    return new Signature(
      this.fields.map((field) => {
        const { description = field.description, prefix = field.prefix } = described.get(field.name) ?? {};
        return { ...field, description, prefix };
      }),
      this.instructions,
    );
  }

  /** @throws ConfigurationError where no field has this name, with the nearest one. */
  field(name: string): Field {
    const found = this.fields.find((field) => field.name === name);
    if (found) return found;
    const names = this.fields.map((field) => field.name);
    const near = nearest(name, names);
    throw new ConfigurationError(
      `no field '${name}' in '${this.toString()}'${near === undefined ? "" : `; did you mean '${near}'?`}`,
    );
  }

  /** True for the same instructions and fields, descriptions and order included. */
  equals(other: Signature<object, object>): boolean {
    return JSON.stringify(this) === JSON.stringify(other);
  }

  /** The string form in DSPy's spelling, without descriptions: `text -> label: Literal['a', 'b']`. */
  toString(): string {
    return writeSpecification(this.fields);
  }

  /** All that a signature says, as plain data: to compare and to fingerprint. Zod appears as JSON schema. */
  toJSON(): { readonly instructions: string; readonly fields: readonly unknown[] } {
    const fields: unknown = JSON.parse(
      JSON.stringify(this.fields, (_, value: unknown) => (isZodSchema(value) ? zodJsonSchema(value) : value)),
    );
    return { instructions: this.instructions, fields: fields as unknown[] };
  }

  [display](): MimeBundle {
    const cells = this.fields.map(({ name, role, type, description }) => [
      name,
      role,
      typeName(type),
      description,
    ]);
    const rows = cells.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`);
    return {
      "text/html":
        `<p style="white-space:pre-wrap">${escapeHtml(this.instructions)}</p>` +
        "<table><thead><tr><th>field</th><th>role</th><th>type</th><th>description</th></tr></thead>" +
        `<tbody>${rows.join("")}</tbody></table>`,
      "text/plain": `${this.toString()}\n${this.instructions}`,
    };
  }
}

/**
 * Declares what a step takes and gives.
 *
 * - as a string: `signature("text, style -> summary, score: float")`; a field without a type is a `str`;
 * - as an object: `{ instructions, inputs: { text: "str" }, outputs: { score: { type: "float", description } } }`,
 *   where a type may also be a schema of zod 4;
 * - as a class whose properties are `inputField(…)` and `outputField(…)`, with `static instructions`;
 * - or another signature, given new instructions.
 *
 * A mistake in a text that stands in the code is a compile-time error; a text known at run time only gives
 * `Record<string, unknown>` on both sides.
 *
 * @param instructions - what the model is told to do; before those the source itself gives.
 * @throws ConfigurationError with the place of the mistake and the nearest known name.
 */
export function signature<const S extends SignatureSource>(
  source: CheckedSpec<S>,
  instructions?: string,
): Signature<InputsOf<S>, OutputsOf<S>> {
  const form: SignatureSource = source;
  if (form instanceof Signature) {
    return new Signature(form.fields, instructions ?? form.instructions);
  }
  if (typeof form === "string") return new Signature(parseSpecification(form), instructions);
  const fields = typeof form === "function" ? classFields(form) : definitionFields(form);
  return new Signature(fields, instructions ?? form.instructions);
}

function ofRole(fields: readonly Field[], role: Role): Field[] {
  return fields.filter((field) => field.role === role);
}

function classFields(form: SignatureClass): Field[] {
  return Object.entries(new form()).map(([name, property]: [string, unknown]) => {
    if (property instanceof DeclaredField) {
      return fieldFrom(name, property.role as Role, property.type, property.description);
    }
    throw new ConfigurationError(
      `property '${name}' of ${form.name} is no field; declare it by inputField() or outputField()`,
    );
  });
}

function definitionFields(definition: Definition): Field[] {
  return (["input", "output"] as const).flatMap((role) => {
    const side = `${role}s` as const;
    const sources: unknown = definition[side];
    if (typeof sources !== "object" || sources === null) {
      throw new ConfigurationError(`a signature needs ${side}: { ${side}: { name: "str" } }`);
    }
    return Object.entries(sources as Definition["inputs"]).map(([name, source]) => {
      if (!isDescribed(source)) return fieldFrom(name, role, source);
      return fieldFrom(name, role, source.type ?? "str", source.description);
    });
  });
}

function isDescribed(source: FieldSource | null): source is Exclude<FieldSource, TypeSource> {
  return typeof source === "object" && source !== null && !isSchema(source);
}

/** The field, with the type read; a description that zod holds counts where none is given. */
function fieldFrom(name: string, role: Role, source: unknown, description?: string): Field {
  if (isZodSchema(source)) return field(name, role, fromZod(source), description || zodDescription(source));
  return field(name, role, typeFrom(name, source), description);
}

function typeFrom(name: string, source: unknown): FieldType {
  if (typeof source !== "string") {
    const found = isSchema(source) ? "a schema of zod 3" : source === null ? "null" : typeof source;
    throw new ConfigurationError(
      `the type of field '${name}' is ${found}; expected a text such as "list[str]", or a schema of zod 4`,
    );
  }
  try {
    return parseType(source);
  } catch (error) {
    throw new ConfigurationError(`field '${name}': ${(error as Error).message}`, { cause: error });
  }
}

/** True for a schema of any zod: they have a `type` or a `description` too. */
function isSchema(source: unknown): boolean {
  return typeof source === "object" && source !== null && ("_zod" in source || "_def" in source);
}
