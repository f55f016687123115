import type { Role } from "./field.ts";
import type { CheckedType, ValueOf } from "./infer.ts";
import type { TypeSource } from "./source.ts";

/** A field declared as the property of a class; `T` is the TypeScript type of its values. */
export class DeclaredField<R extends Role, T> {
  /** For the type checker alone; absent at run time. */
  declare readonly value: T;
  readonly role: R;
  readonly type: TypeSource;
  readonly description: string;

  constructor(role: R, type: TypeSource, description: string) {
    this.role = role;
    this.type = type;
    this.description = description;
  }
}

/**
 * Declares an input in the class form of a signature.
 *
 * @param type - `str` where none is given.
 * @param description - what the field means, for the model.
 */
export function inputField<const T extends TypeSource = "str">(
  type?: CheckedType<T>,
  description = "",
): DeclaredField<"input", ValueOf<T>> {
  return new DeclaredField("input", type ?? "str", description);
}

/** Declares an output in the class form of a signature; see {@link inputField}. */
export function outputField<const T extends TypeSource = "str">(
  type?: CheckedType<T>,
  description = "",
): DeclaredField<"output", ValueOf<T>> {
  return new DeclaredField("output", type ?? "str", description);
}
