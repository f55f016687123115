import type { DeclaredField } from "./declared-field.ts";
import type { ZodSchema } from "./field-type.ts";
import type { Role } from "./field.ts";
import type { Bad, Flat, Good, ReadSpecification, ReadType } from "./read-types.ts";
import type { Definition, FieldSource, SignatureClass } from "./source.ts";

/** True for `string`, and for a template with a hole in it: texts whose content is known at run time only. */
type IsDynamic<S extends string> = NonNullable<unknown> extends Record<S, true> ? true : false;

/** What a signature built at run time takes and gives, as far as the checker can tell. */
type Loose = Record<string, unknown>;

/**
 * The type source itself where it can be read, else the mistake in words, as a type no argument has: so the
 * compiler underlines the text and says what is wrong with it.
 */
export type CheckedType<F> = F extends string
  ? IsDynamic<F> extends true
    ? F
    : ReadType<F> extends Bad<infer Problem>
      ? `lmframe: ${Problem}`
      : F
  : F;

/** As {@link CheckedType}, for any form of a signature. */
export type CheckedSpec<S> = S extends string
  ? IsDynamic<S> extends true
    ? S
    : ReadSpecification<S> extends Bad<infer Problem>
      ? `lmframe: ${Problem}`
      : S
  : S extends Definition
    ? { readonly [K in keyof S]: K extends "inputs" | "outputs" ? CheckedFields<S[K]> : S[K] }
    : S;

type CheckedFields<Fields> = { readonly [Name in keyof Fields]: CheckedField<Fields[Name]> };

// A schema of zod has a `type` too: it must be asked after first.
type CheckedField<F> = F extends ZodSchema
  ? F
  : F extends { readonly type: infer T }
    ? { readonly [K in keyof F]: K extends "type" ? CheckedType<T> : F[K] }
    : CheckedType<F>;

/** The TypeScript type of the values of a field, from its type as written. */
export type ValueOf<F> = F extends string
  ? IsDynamic<F> extends true
    ? unknown
    : ReadType<F> extends Good<infer T>
      ? T
      : never
  : F extends ZodSchema<infer T>
    ? T
    : F extends { readonly type: infer T }
      ? ValueOf<T>
      : string;

/** The inputs of a signature in any form, as an object type; loose where the text is known at run time only. */
export type InputsOf<S> = SideOf<S, "inputs", "input">;

/** The outputs of a signature in any form, as an object type; loose where the text is known at run time only. */
export type OutputsOf<S> = SideOf<S, "outputs", "output">;

// The first question holds for `any` alone, which stays so: it stands for a signature of whichever fields.
type SideOf<S, Side extends "inputs" | "outputs", R extends Role> = 0 extends 1 & S
  ? S & object
  : S extends string
    ? IsDynamic<S> extends true
      ? Loose
      : ReadSpecification<S> extends Good<infer Sides extends Record<Side, object>>
        ? Sides[Side]
        : never
    : S extends { readonly types: infer Sides extends Record<Side, object> }
      ? Sides[Side]
      : S extends Definition
        ? FieldValues<S[Side]>
        : S extends SignatureClass
          ? DeclaredValues<InstanceType<S>, R>
          : never;

type FieldValues<Fields extends Readonly<Record<string, FieldSource>>> = {
  -readonly [Name in keyof Fields]: ValueOf<Fields[Name]>;
};

type DeclaredValues<C, R extends Role> = Flat<{
  [
    Name in keyof C as C[Name] extends DeclaredField<R, unknown> ? Name : never
  ]: C[Name] extends DeclaredField<R, infer T> ? T : never;
}>;
