import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { ConfigurationError } from "../core/errors.ts";
import { readBytes } from "./file.ts";

/** How the text of a file is read. */
export interface TextOptions {
  /** A label of the WHATWG Encoding Standard, such as `windows-1252`. Default `utf-8`; a byte order mark comes first. */
  encoding?: string | undefined;
  /** Stops reading. */
  signal?: AbortSignal | undefined;
}

/** Bytes that are not text in their encoding. The text before them has been given. */
export class EncodingFault extends Error {
  readonly advice: string;

  constructor(bytes: Uint8Array, encoding: string) {
    super(`invalid ${encoding}`);
    const shown = [...bytes.subarray(0, 4)]
      .map((byte) => `0x${byte.toString(16).padStart(2, "0")}`)
      .join(" ");
    this.advice =
      `bytes ${shown} are not ${encoding}; ` +
      `expected ${encoding}, or name the file's own encoding, such as encoding: "windows-1252"`;
  }
}

/** The text of a file, a chunk at a time, without its byte order mark. Ends with an {@link EncodingFault} where it must. */
export async function* readText(path: string, options: TextOptions = {}): AsyncGenerator<string, void> {
  let decoder: TextDecoder | undefined;
  // One buffer throughout: new ones would pile up until a full collection.
  let buffer: Buffer = Buffer.alloc(0);
  let kept = 0;
  for await (const chunk of readBytes(path, options.signal)) {
    decoder ??= decoderOf(options.encoding ?? markedEncoding(chunk) ?? "utf-8");
    if (decoder.encoding !== "utf-8") {
      yield decode(decoder, chunk, true);
      continue;
    }
    // UTF-8 is cut at a line's end, so that a fault can be traced to its line.
    const size = kept + chunk.length;
    if (buffer.length < size) buffer = Buffer.concat([buffer], size);
    chunk.copy(buffer, kept);
    const whole = buffer.subarray(0, size);
    const end = whole.lastIndexOf(0x0a) + 1 || wholeCharacters(whole);
    yield* checked(whole.subarray(0, end), decoder);
    buffer.copyWithin(0, end, size);
    kept = size - end;
  }
  if (decoder?.encoding === "utf-8") yield* checked(buffer.subarray(0, kept), decoder);
  else if (decoder) yield decode(decoder, buffer, false);
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new ConfigurationError(`unknown encoding "${encoding}"; expected a name such as "windows-1252"`, {
      cause,
    });
  }
}

function markedEncoding(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return undefined;
}

function decode(decoder: TextDecoder, bytes: Buffer, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new EncodingFault(bytes, decoder.encoding);
  }
}

function* checked(bytes: Buffer, decoder: TextDecoder): Generator<string, void> {
  if (isUtf8(bytes)) {
    yield decoder.decode(bytes, { stream: true });
    return;
  }
  let valid = 0;
  let invalid = bytes.length;
  // The longest valid start, to within a cut character: halving asks a question of 20 prefixes, not of each byte.
  while (valid + 1 < invalid) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes.subarray(0, middle))))) valid = middle;
    else invalid = middle;
  }
  const end = wholeCharacters(bytes.subarray(0, valid));
  yield decoder.decode(bytes.subarray(0, end), { stream: true });
  throw new EncodingFault(bytes.subarray(end), decoder.encoding);
}

/** The length of `bytes` without a UTF-8 character that its end cuts. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return width > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
