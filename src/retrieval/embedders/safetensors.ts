import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "../../core/index.ts";

/** A table of numbers, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * The only tensor of a safetensors file, which has two dimensions of type F16 or F32: eight bytes with the length of
 * the header, a header in JSON, then the numbers (https://huggingface.co/docs/safetensors). `file` is for messages.
 */
export function readMatrix(bytes: Uint8Array, file: string): Matrix {
  const { header, data } = parts(bytes, file);
  const [tensor, ...others] = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([, entry]) => entry);
  const { dtype, shape, data_offsets: offsets } = tensor ?? {};
  const size = dtype === "F16" ? 2 : dtype === "F32" ? 4 : undefined;
  if (others.length > 0 || size === undefined || shape?.length !== 2 || offsets?.length !== 2)
    throw new DataError("expected one tensor of two dimensions, F16 or F32", { file });
  const [rows, columns] = shape as [number, number];
  const [start, end] = offsets as [number, number];
  if (end - start !== rows * columns * size || end > data.byteLength)
    throw new DataError(`is cut short, or does not hold the ${rows} × ${columns} numbers it names`, { file });
  // Copied, as the numbers need not stand at a multiple of their size. (A Buffer's own slice is no copy.)
  const numbers = new Uint8Array(data.subarray(start, end)).buffer;
  const values = size === 4 ? new Float32Array(numbers) : fromHalf(new Uint16Array(numbers));
  return { rows, columns, values };
}

/** Where a tensor of type F32 stands in a file, in bytes. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** The tensors of type F32 in a safetensors file, by their names, without reading their numbers. */
export async function storedTensors(file: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const handle = await open(file);
  try {
    const size = Number((await piece(handle, 0, 8)).getBigUint64(0, true));
    const { buffer } = await piece(handle, 0, 8 + size);
    const { header } = parts(new Uint8Array(buffer), file);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, { dtype, shape, data_offsets: [start, end] = [] }] of Object.entries(header)) {
      if (dtype === "F32" && shape && start !== undefined && end !== undefined)
        tensors.set(name, { shape, offset: 8 + size + start, length: end - start });
    }
    return tensors;
  } finally {
    await handle.close();
  }
}

async function piece(handle: FileHandle, start: number, length: number): Promise<DataView<ArrayBuffer>> {
  const view = new DataView(new ArrayBuffer(length));
  await handle.read(view, 0, length, start);
  return view;
}

interface Tensor {
  dtype?: string;
  shape?: number[];
  data_offsets?: number[];
}

function parts(bytes: Uint8Array, file: string): { header: Record<string, Tensor>; data: Uint8Array } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<string, Tensor>;
    return { header, data: bytes.subarray(start) };
  } catch (cause) {
    throw new DataError("is no safetensors file", { file, cause });
  }
}

/** Numbers of half precision (IEEE 754 binary16), by a table of all there are. */
function fromHalf(halves: Uint16Array): Float32Array {
  const table = new Float32Array(1 << 16);
  for (let half = 0; half < table.length; half++) {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size =
      exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    table[half] = half >> 15 ? -size : size;
  }
  return Float32Array.from(halves, (half) => table[half]!);
}
