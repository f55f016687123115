import type { Data, DataType, Utf8, Vector } from "apache-arrow";
import { arrow } from "../arrow.ts";
import { asText, jsonValue } from "./coerce.ts";
import { type Kind } from "./kind.ts";

/**
 * An Arrow vector of `values`, all of which fit `kind`. Undefined counts as null.
 *
 * @param widest whether to use the type of {@link arrowType}, which all batches of a file share, instead of the
 *   narrowest that holds these values. Default false.
 */
export function buildVector(values: ArrayLike<unknown>, kind: Kind, widest = false): Vector {
  return arrow().makeVector(buildData(values, kind, widest));
}

/** The Arrow type that holds any values of a kind. */
export function arrowType(kind: Kind): DataType {
  const { Null, Bool, Int64, Float64, Utf8, TimestampMillisecond, Binary, List, Struct, Field } = arrow();
  switch (kind.name) {
    case "null":
      return new Null();
    case "boolean":
      return new Bool();
    case "integer":
      return new Int64();
    case "number":
      return new Float64();
    case "string":
    case "json":
      return new Utf8();
    case "timestamp":
      return new TimestampMillisecond("UTC");
    case "binary":
      return new Binary();
    case "list":
      return new List(new Field("item", arrowType(kind.item), true));
    case "struct":
      return new Struct([...kind.fields].map(([name, field]) => new Field(name, arrowType(field), true)));
  }
}

function buildData(values: ArrayLike<unknown>, kind: Kind, widest: boolean): Data {
  const { makeData, Bool, Int32, Int64, Float64, List, Struct, Field, Null } = arrow();
  const length = values.length;
  if (kind.name === "null") return makeData({ type: new Null(), length });
  const { nullBitmap, nullCount } = validity(values);
  const shared = { length, nullCount, nullBitmap };
  switch (kind.name) {
    case "boolean": {
      const data = new Uint8Array(Math.ceil(length / 8));
      for (let i = 0; i < length; i++) if (values[i] === true) data[i >> 3]! |= 1 << (i & 7);
      return makeData({ ...shared, type: new Bool(), data });
    }
    case "integer": {
      if (widest || !fitsInt32(values)) {
        const data = BigInt64Array.from({ length }, (_, i) =>
          BigInt((values[i] as number | bigint | null) ?? 0),
        );
        return makeData({ ...shared, type: new Int64(), data });
      }
      const data = new Int32Array(length);
      for (let i = 0; i < length; i++) data[i] = Number(values[i] ?? 0);
      return makeData({ ...shared, type: new Int32(), data });
    }
    case "number": {
      const data = new Float64Array(length);
      for (let i = 0; i < length; i++) data[i] = (values[i] as number | null) ?? 0;
      return makeData({ ...shared, type: new Float64(), data });
    }
    case "timestamp": {
      const data = BigInt64Array.from({ length }, (_, i) =>
        BigInt((values[i] as Date | null)?.getTime() ?? 0),
      );
      return makeData({ ...shared, type: new (arrow().TimestampMillisecond)("UTC"), data });
    }
    case "string":
      return (!widest && dictionaryData(values, shared)) || textData((i) => textOf(values[i]), shared);
    case "json":
      return textData((i) => (isMissing(values[i]) ? null : JSON.stringify(values[i], jsonValue)), shared);
    case "binary": {
      const { data, valueOffsets } = packBytes(values as ArrayLike<Uint8Array | null>);
      return makeData({ ...shared, type: new (arrow().Binary)(), valueOffsets, data });
    }
    case "list": {
      const items: unknown[] = [];
      const valueOffsets = new Int32Array(length + 1);
      for (let i = 0; i < length; i++) {
        for (const item of (values[i] as unknown[] | null) ?? []) items.push(item);
        valueOffsets[i + 1] = items.length;
      }
      const child = buildData(items, kind.item, widest);
      return makeData({
        ...shared,
        type: new List(new Field("item", child.type, true)),
        valueOffsets,
        child,
      });
    }
    case "struct": {
      const children = [...kind.fields].map(([name, field]) =>
        buildData(
          Array.from({ length }, (_, i) => (values[i] as Record<string, unknown> | null)?.[name]),
          field,
          widest,
        ),
      );
      const fields = [...kind.fields.keys()].map((name, i) => new Field(name, children[i]!.type, true));
      return makeData({ ...shared, type: new Struct(fields), children });
    }
  }
}

interface Shared {
  length: number;
  nullCount: number;
  nullBitmap: Uint8Array | undefined;
}

const isMissing = (value: unknown) => value === null || value === undefined;

/** Whole numbers beyond 2^53 come as bigint and are kept as text. */
const textOf = (value: unknown) => (typeof value === "string" || isMissing(value) ? value : asText(value));

function validity(values: ArrayLike<unknown>): Pick<Shared, "nullBitmap" | "nullCount"> {
  let bitmap: Uint8Array | undefined;
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (!isMissing(values[i])) continue;
    bitmap ??= new Uint8Array(Math.ceil(values.length / 8)).fill(255);
    bitmap[i >> 3]! &= ~(1 << (i & 7));
    nullCount++;
  }
  return { nullBitmap: bitmap, nullCount };
}

function fitsInt32(values: ArrayLike<unknown>): boolean {
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- what is like an array need not iterate
  for (let i = 0; i < values.length; i++) {
    const number = Number(values[i] ?? 0);
    if (number !== (number | 0)) return false;
  }
  return true;
}

/** Text written out once, with offsets. */
function textData(text: (index: number) => unknown, shared: Shared): Data {
  const valueOffsets = new Int32Array(shared.length + 1);
  let bytes = Buffer.allocUnsafeSlow(Math.max(64, shared.length * 16));
  let used = 0;
  for (let i = 0; i < shared.length; i++) {
    const value = text(i);
    if (typeof value === "string") {
      // Three bytes are the most that one UTF-16 unit takes in UTF-8.
      if (used + value.length * 3 > bytes.length) {
        const exact = used + Buffer.byteLength(value);
        if (exact > bytes.length) {
          const grown = Buffer.allocUnsafeSlow(Math.max(exact, bytes.length * 2));
          bytes.copy(grown, 0, 0, used);
          bytes = grown;
        }
      }
      used += bytes.write(value, used);
    }
    valueOffsets[i + 1] = used;
  }
  const { makeData, Utf8, LargeUtf8 } = arrow();
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset, used);
  if (used < 2 ** 31) return makeData({ ...shared, type: new Utf8(), valueOffsets, data });
  return makeData({
    ...shared,
    type: new LargeUtf8(),
    valueOffsets: largeOffsets(text, shared.length),
    data,
  });
}

/** Offsets of more than 2 GB of text. */
function largeOffsets(text: (index: number) => unknown, length: number): BigInt64Array {
  const offsets = new BigInt64Array(length + 1);
  for (let i = 0; i < length; i++) {
    const value = text(i);
    offsets[i + 1] = offsets[i]! + BigInt(typeof value === "string" ? Buffer.byteLength(value) : 0);
  }
  return offsets;
}

/**
 * Labels and other repeated text as codes into their distinct values, which makes grouping, filtering and
 * splitting by them work on small integers; undefined where more than a quarter of the texts are distinct.
 */
function dictionaryData(values: ArrayLike<unknown>, shared: Shared): Data | undefined {
  const codes = new Int32Array(shared.length);
  const codeOf = new Map<string, number>();
  for (let i = 0; i < shared.length; i++) {
    const value = textOf(values[i]);
    if (typeof value !== "string") continue;
    let code = codeOf.get(value);
    if (code === undefined) {
      code = codeOf.size;
      if (code > 64 && code > i / 4) return undefined;
      codeOf.set(value, code);
    }
    codes[i] = code;
  }
  if (codeOf.size === 0 || codeOf.size > shared.length / 2) return undefined;
  const { makeData, makeVector, Dictionary, Utf8, Int32 } = arrow();
  const distinct = [...codeOf.keys()];
  const words = textData((i) => distinct[i], {
    length: distinct.length,
    nullCount: 0,
    nullBitmap: undefined,
  });
  return makeData({
    ...shared,
    type: new Dictionary(new Utf8(), new Int32()),
    data: codes,
    dictionary: makeVector(words as Data<Utf8>),
  });
}

function packBytes(values: ArrayLike<Uint8Array | null>): { data: Uint8Array; valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  for (let i = 0; i < values.length; i++) valueOffsets[i + 1] = valueOffsets[i]! + (values[i]?.length ?? 0);
  const data = new Uint8Array(valueOffsets[values.length]!);
  for (let i = 0; i < values.length; i++) if (values[i]) data.set(values[i]!, valueOffsets[i]);
  return { data, valueOffsets };
}
