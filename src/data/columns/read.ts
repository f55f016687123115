import type { Data, DataType, Field, Vector } from "apache-arrow";
import { DataError } from "../../core/errors.ts";
import { type Kind, isReserved, scalar } from "./kind.ts";
import { textReader } from "./read-text.ts";

/** Gives the value at a position of a column; null where it is missing. */
export type Reader = (position: number) => unknown;

/**
 * Arrow's type numbers (`Type` in its Schema.fbs), written out because they are all that is shared by the
 * several copies and versions of apache-arrow that can meet in one process.
 */
const type = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
} as const;

/** Arrow dictionaries (-1) are a way to store a type, not a type of data. */
const dictionaryType = -1;

/** Arrow's canonical extension for JSON kept as text. */
export const jsonExtension = ["ARROW:extension:name", "arrow.json"] as const;

type Wide = DataType & {
  bitWidth?: number;
  isSigned?: boolean;
  unit?: number;
  scale?: number;
  byteWidth?: number;
  listSize?: number;
  precision?: number;
  dictionary?: DataType;
};

/** The kind of a field of an Arrow schema, whichever copy of apache-arrow made it. */
export function kindOfField(field: Field): Kind {
  if (field.metadata.get(jsonExtension[0]) === jsonExtension[1]) return scalar.json;
  return kindOfType(field.type as Wide, field.name);
}

function kindOfType(arrowType: Wide, column: string): Kind {
  if ((arrowType.typeId as number) === dictionaryType)
    return kindOfType(arrowType.dictionary as Wide, column);
  const children = arrowType.children ?? [];
  switch (arrowType.typeId as number) {
    case type.null:
      return scalar.null;
    case type.bool:
      return scalar.boolean;
    case type.int:
    case type.time:
    case type.duration:
      return scalar.integer;
    case type.float:
      return scalar.number;
    case type.utf8:
    case type.largeUtf8:
    case type.decimal:
      return scalar.string;
    case type.date:
    case type.timestamp:
      return scalar.timestamp;
    case type.binary:
    case type.largeBinary:
    case type.fixedSizeBinary:
      return scalar.binary;
    case type.map:
      return scalar.json;
    case type.list:
    case type.fixedSizeList: {
      const item = kindOfField(children[0]!);
      return item === scalar.json ? scalar.json : { name: "list", item };
    }
    case type.struct: {
      const fields = new Map(children.map((child) => [child.name, kindOfField(child)]));
      const plain =
        fields.size > 0 &&
        ![...fields.values()].includes(scalar.json) &&
        ![...fields.keys()].some(isReserved);
      return plain ? { name: "struct", fields } : scalar.json;
    }
    default:
      throw new DataError(
        `Arrow type ${describe(arrowType)} is not one lmframe reads; cast it to text, a number or a timestamp first`,
        { column },
      );
  }
}

/** Arrow's types name themselves. */
function describe(arrowType: { toString(): string }): string {
  return arrowType.toString();
}

/** Whether a field holds 64-bit whole numbers that JavaScript numbers do not: its column then becomes text. */
export function exceedsNumbers(vector: Vector): boolean {
  const { typeId, bitWidth } = vector.type as Wide;
  if ((typeId as number) !== type.int || bitWidth !== 64) return false;
  return vector.data.some((data) => {
    const values = data.values as BigInt64Array | BigUint64Array;
    for (let i = 0; i < data.length; i++) {
      if (!Number.isSafeInteger(Number(values[i])) && data.getValid(i)) return true;
    }
    return false;
  });
}

/** A reader of a whole column, over all its chunks. `json` parses text that holds JSON. */
export function readVector(vector: Vector, kind: Kind): Reader {
  const isJsonText = kind === scalar.json && ((vector.type as DataType).typeId as number) !== type.struct;
  const chunks = (vector.data as readonly Data[]).map((data) => {
    const read = readData(data);
    if (!isJsonText) return read;
    return (position: number) => {
      const value = read(position);
      return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
    };
  });
  if (chunks.length === 1) return chunks[0]!;
  const starts: number[] = [];
  let total = 0;
  for (const { length } of vector.data) {
    starts.push(total);
    total += length;
  }
  return (position) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return chunks[low]?.(position - starts[low]!);
  };
}

/** A reader of one chunk, chosen once by its type so that reading a value is an index into a typed array. */
function readData(data: Data): Reader {
  const read = readPresent(data);
  if (data.nullCount === 0 || !data.nullBitmap) return read;
  const { nullBitmap, offset } = data;
  return (i) => {
    const bit = offset + i;
    return (nullBitmap[bit >> 3]! >> (bit & 7)) & 1 ? read(i) : null;
  };
}

function readPresent(data: Data): Reader {
  const arrowType = data.type as Wide;
  const values = data.values as never;
  switch (data.typeId as number) {
    case type.null:
      return () => null;
    case type.bool: {
      const bits: Uint8Array = values;
      const { offset } = data;
      return (i) => ((bits[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1) === 1;
    }
    case type.int:
    case type.time:
    case type.duration:
      return readInteger(values);
    case type.float:
      return arrowType.precision === 0 ? readHalf(values) : readNumber(values);
    case type.utf8:
    case type.largeUtf8:
      return textReader(values, spans(data.valueOffsets as never));
    case type.binary:
    case type.largeBinary: {
      const span = spans(data.valueOffsets as never);
      const bytes: Uint8Array = values;
      return (i) => Uint8Array.from(bytes.subarray(span(i), span(i + 1)));
    }
    case type.fixedSizeBinary: {
      const bytes: Uint8Array = values;
      const width = arrowType.byteWidth!;
      return (i) => Uint8Array.from(bytes.subarray(i * width, (i + 1) * width));
    }
    case type.decimal:
      return readDecimal(values, data, arrowType.scale!);
    case type.date:
    case type.timestamp:
      return readDate(values, arrowType);
    case type.list: {
      const span = spans(data.valueOffsets as never);
      const item = readData(data.children[0]!);
      return (i) => range(item, span(i), span(i + 1));
    }
    case type.fixedSizeList: {
      const item = readData(data.children[0]!);
      const size = arrowType.listSize!;
      return (i) => range(item, i * size, (i + 1) * size);
    }
    case type.map: {
      const span = spans(data.valueOffsets as never);
      const [keys, items] = data.children[0]!.children.map(readData) as [Reader, Reader];
      return (i) => {
        const entries = range((at) => [String(keys(at)), items(at)] as const, span(i), span(i + 1));
        return Object.fromEntries(entries as (readonly [string, unknown])[]);
      };
    }
    case type.struct: {
      const names = (arrowType.children ?? []).map((field) => field.name);
      const readers = data.children.map(readData);
      return (i) => Object.fromEntries(names.map((name, c) => [name, readers[c]!(i)]));
    }
    case dictionaryType: {
      const codes = values as Int32Array;
      const distinct = readDictionary(data.dictionary!);
      return (i) => distinct[Number(codes[i])];
    }
    default:
      throw new DataError(`Arrow type ${describe(data.type)} is not one lmframe reads`);
  }
}

/** The distinct values of a dictionary-coded column, decoded once. */
export function readDictionary(dictionary: Vector): unknown[] {
  return range(readVector(dictionary, scalar.null), 0, dictionary.length);
}

function range(item: Reader, start: number, end: number): unknown[] {
  const list: unknown[] = new Array(end - start);
  for (let at = start; at < end; at++) list[at - start] = item(at);
  return list;
}

function spans(offsets: Int32Array | BigInt64Array): (i: number) => number {
  return offsets instanceof BigInt64Array ? (i) => Number(offsets[i]) : (i) => offsets[i]!;
}

function readNumber(values: Float64Array): Reader {
  return (i) => values[i];
}

function readInteger(values: Int32Array | BigInt64Array): Reader {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return (i) => values[i];
  return (i) => {
    const number = Number(values[i]);
    return Number.isSafeInteger(number) ? number : String(values[i]);
  };
}

/** IEEE 754 half precision, which JavaScript has no array of yet. */
function readHalf(values: Uint16Array): Reader {
  return (i) => {
    const bits = values[i]!;
    const sign = bits >> 15 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent
      ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
      : sign * 2 ** -14 * (fraction / 1024);
  };
}

function readDate(values: Int32Array | BigInt64Array, { unit, typeId }: Wide): Reader {
  if ((typeId as number) === type.date) {
    const scale = unit === 0 ? 86_400_000 : 1;
    return (i) => new Date(Number(values[i]) * scale);
  }
  const scale = [1000, 1, 1e-3, 1e-6][unit ?? 1]!;
  return (i) => new Date(Math.floor(Number(values[i]) * scale));
}

/** Decimals as text, digit for digit: little-endian two's complement of `words` 32-bit words a value. */
function readDecimal(values: Uint32Array, { stride }: Data, scale: number): Reader {
  const bits = BigInt(stride * 32);
  return (i) => {
    let whole = 0n;
    for (let word = stride - 1; word >= 0; word--)
      whole = (whole << 32n) | BigInt(values[i * stride + word]!);
    const signed = BigInt.asIntN(Number(bits), whole);
    const digits = String(signed < 0n ? -signed : signed).padStart(Math.max(scale, 0) + 1, "0");
    const point = digits.length - Math.max(scale, 0);
    const text = scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
    return signed < 0n ? `-${text}` : text;
  };
}
