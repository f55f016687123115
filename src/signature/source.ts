import type { ZodSchema } from "./field-type.ts";
import type { NamedTypes } from "./read-types.ts";
import type { Signature } from "./signature.ts";

/**
 * A type as written: in the spelling of DSPy or TypeScript, or a schema of zod 4. The named types stand in the
 * union so that editors offer them, and so that the checker keeps `"list[str]"` as itself, not as `string`.
 */
export type TypeSource = keyof NamedTypes | (string & {}) | ZodSchema;

/** A field of the object form: its type alone, or with what it means. The type is `str` where none is given. */
export type FieldSource = TypeSource | { readonly type?: TypeSource; readonly description?: string };

/** The object form of a signature. */
export interface Definition {
  readonly instructions?: string;
  readonly inputs: Readonly<Record<string, FieldSource>>;
  readonly outputs: Readonly<Record<string, FieldSource>>;
}

/**
 * The class form of a signature: a class whose properties are made by `inputField` and `outputField`, in the
 * order of the fields, with the instructions as a static.
 */
export interface SignatureClass {
  new (): object;
  readonly instructions?: string;
}

/** Whatever `signature()` takes. A module that takes a signature takes these. */
export type SignatureSource = string | Definition | SignatureClass | Signature<object, object>;
