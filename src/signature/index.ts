export { check } from "./check.ts";
export { DeclaredField, inputField, outputField } from "./declared-field.ts";
export { field, inferPrefix, type Field, type Role } from "./field.ts";
export {
  isHistory,
  literalOf,
  optionalOf,
  someType,
  unionOf,
  type FieldType,
  type History,
  type LiteralValue,
  type Media,
  type Property,
  type ZodSchema,
} from "./field-type.ts";
export type { CheckedSpec, CheckedType, InputsOf, OutputsOf, ValueOf } from "./infer.ts";
export { fitsStrictMode, jsonSchema, outputSchema, type JsonSchema } from "./json-schema.ts";
export { parseType } from "./parse-type.ts";
export { Signature, signature } from "./signature.ts";
export type { Definition, FieldSource, SignatureClass, SignatureSource, TypeSource } from "./source.ts";
export { typeName } from "./type-name.ts";
export { fromZod } from "./zod.ts";
