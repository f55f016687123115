import { inflateRawSync } from "node:zlib";
import { DataError } from "../../core/index.ts";

/**
 * Makes sure that a ZIP archive unpacks to at most `mostBytes`, by unpacking it: what it says of itself may be a lie,
 * and a library that believes it would fill the memory.
 *
 * @throws DataError for what is no whole archive, or unpacks to more.
 */
export function checkArchive(bytes: Uint8Array, mostBytes: number): void {
  let left = mostBytes;
  for (const { method, data } of entriesOf(bytes)) {
    if (method === 0) left -= data.length;
    else if (method === 8 && left > 0) left -= sizeOf(data, left);
    if (left <= 0) throw new DataError(`unpacks to more than ${Math.round(mostBytes / 1e6)} MB`);
  }
}

interface Entry {
  readonly method: number;
  readonly data: Uint8Array;
}

/** What unpacks is thrown away, and at most `most` bytes of it are held. */
function sizeOf(data: Uint8Array, most: number): number {
  try {
    return inflateRawSync(data, { maxOutputLength: most }).length;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return most;
    throw new DataError("is a damaged archive", { cause });
  }
}

// Records of the ZIP format (APPNOTE.TXT 4.3): the end record, the central directory, and each file's own header.
const endMark = Buffer.from("PK\x05\x06", "latin1");
const centralRecord = { mark: 0x02014b50, size: 46 };
const localRecord = { mark: 0x04034b50, size: 30 };

function* entriesOf(bytes: Uint8Array): Generator<Entry, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const end = Buffer.from(view.buffer, view.byteOffset, view.byteLength).lastIndexOf(endMark);
    if (end < 0) throw new RangeError("no end record");
    let place = view.getUint32(end + 16, true);
    for (let count = view.getUint16(end + 10, true); count > 0; count--) {
      if (view.getUint32(place, true) !== centralRecord.mark) throw new RangeError("no entry");
      const size = view.getUint32(place + 20, true);
      const local = view.getUint32(place + 42, true);
      if (view.getUint32(local, true) !== localRecord.mark) throw new RangeError("no file");
      const start =
        local + localRecord.size + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (start + size > bytes.length) throw new RangeError("cut short");
      yield { method: view.getUint16(place + 10, true), data: bytes.subarray(start, start + size) };
      const names = [28, 30, 32].map((length) => view.getUint16(place + length, true));
      place += names.reduce((sum, length) => sum + length, centralRecord.size);
    }
  } catch (cause) {
    if (cause instanceof RangeError) throw new DataError("is a damaged archive", { cause });
    throw cause;
  }
}
