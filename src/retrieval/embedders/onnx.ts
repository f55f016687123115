import type { StoredTensor } from "./safetensors.ts";

/** The types of numbers that are used here, by their number in ONNX. */
const elementTypes = { float32: 1, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof elementTypes;

/** An attribute of an operation: a whole number, several, or a number of single precision. */
type Attribute = number | readonly number[] | { readonly float: number };

/** Names a value of the graph. */
export type Value = string & { readonly value: unique symbol };

/**
 * Writes a model as ONNX (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): just as much of the format as a
 * graph of floating-point operations over weights in a file needs. Every method gives the name of the value it adds.
 */
export class OnnxGraph {
  readonly #parts: Uint8Array[] = [];
  #values = 0;

  /** A value that is given with each run. A dimension is its size, or a name where runs differ in it. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.#parts.push(message(11, valueInfo(name, type, shape)));
    return name as Value;
  }

  /** Has a run give `value`, under its name. */
  output(value: Value, type: ElementType, shape: readonly (number | string)[]): void {
    this.#parts.push(message(12, valueInfo(value, type, shape)));
  }

  /** Numbers that stay in `file`, in the folder that the session is told of: they are mapped, not copied. */
  stored(file: string, { shape, offset, length }: StoredTensor): Value {
    const place = Object.entries({ location: file, offset, length });
    const entries = place.map(([key, entry]) => message(13, text(1, key), text(2, String(entry))));
    return this.#constant("float32", shape, ...entries, integer(14, 1));
  }

  /** Whole numbers, as places and axes are given. */
  integers(numbers: readonly number[]): Value {
    return this.#constant("int64", [numbers.length], ...numbers.map((number) => integer(7, number)));
  }

  /** One operation with one result, which has a name of its own where it is an output. */
  node(
    operation: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name?: string,
  ): Value {
    const value = (name ?? this.#next()) as Value;
    this.#parts.push(
      message(
        1,
        ...inputs.map((input) => text(1, input)),
        text(2, value),
        text(4, operation),
        ...Object.entries(attributes).map(([name, attribute]) =>
          message(5, text(1, name), ...content(attribute)),
        ),
      ),
    );
    return value;
  }

  /** The bytes of the model. `version` is that of the operations. */
  model(name: string, version: number): Uint8Array {
    return joined([
      integer(1, 10), // the version of the format
      text(2, "lmframe"),
      message(7, text(2, name), ...this.#parts),
      message(8, text(1, ""), integer(2, version)),
    ]);
  }

  #constant(type: ElementType, shape: readonly number[], ...content: Uint8Array[]): Value {
    const value = this.#next();
    const dimensions = shape.map((size) => integer(1, size));
    this.#parts.push(message(5, ...dimensions, integer(2, elementTypes[type]), text(8, value), ...content));
    return value;
  }

  #next(): Value {
    return `v${this.#values++}` as Value;
  }
}

function valueInfo(name: string, type: ElementType, shape: readonly (number | string)[]): Uint8Array {
  const dimensions = shape.map((size) =>
    message(1, typeof size === "number" ? integer(1, size) : text(2, size)),
  );
  const tensor = message(1, integer(1, elementTypes[type]), message(2, ...dimensions));
  return joined([text(1, name), message(2, tensor)]);
}

/** The value of an attribute and its kind. */
function content(attribute: Attribute): Uint8Array[] {
  if (typeof attribute === "number") return [integer(3, attribute), integer(20, 2)];
  if ("float" in attribute) return [float(2, attribute.float), integer(20, 1)];
  return [...attribute.map((each) => integer(8, each)), integer(20, 7)];
}

// Protocol buffers (https://protobuf.dev/programming-guides/encoding): a field is its number and wire type, then its content.

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(Float32Array.of(value).buffer);
  return joined([Uint8Array.from(varint((field << 3) | 5)), bytes]);
}

function binary(field: number, bytes: Uint8Array): Uint8Array {
  return joined([Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes]);
}

const text = (field: number, value: string) => binary(field, new TextEncoder().encode(value));

const message = (field: number, ...content: Uint8Array[]) => binary(field, joined(content));

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
