import { isAscii } from "node:buffer";

/** Bytes that are decoded at once. A text that is kept keeps those beside it, so they are few. */
const blockSize = 2048;

/**
 * A reader of texts in UTF-8 that stand one after the other, from `start(i)` to `start(i + 1)`.
 *
 * Each is decoded when it is read. Where they are read in turn and are ASCII, in which a byte is a character, a block is
 * decoded at once and each is a part of it: a call into the decoder costs more than a short text.
 */
export function textReader(values: Uint8Array, start: (i: number) => number): (i: number) => string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  let next = -1;
  let block = "";
  let from = 0;
  let to = 0;
  return (i) => {
    const begin = start(i);
    const end = start(i + 1);
    const inTurn = i === next;
    next = i + 1;
    if (inTurn && end > to && end - begin <= blockSize / 4) {
      from = begin;
      to = Math.min(begin + blockSize, bytes.length);
      block = isAscii(bytes.subarray(from, to)) ? bytes.toString("latin1", from, to) : "";
    }
    if (block !== "" && begin >= from && end <= to) return block.substring(begin - from, end - from);
    return bytes.toString("utf8", begin, end);
  };
}
