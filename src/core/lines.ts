import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const pieceSize = 1 << 18;

/**
 * The lines of a UTF-8 file, with memory for one piece of it. Only whole lines: what stands after the last line feed
 * is what a writer that died had begun.
 */
export function* readLines(path: string): Generator<string, void> {
  const descriptor = openSync(path, "r");
  const decoder = new StringDecoder("utf8");
  const piece = Buffer.allocUnsafe(pieceSize);
  let rest = "";
  try {
    for (;;) {
      const size = readSync(descriptor, piece, 0, pieceSize, null);
      if (size === 0) return;
      const lines = (rest + decoder.write(piece.subarray(0, size))).split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    closeSync(descriptor);
  }
}
