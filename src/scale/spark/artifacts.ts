import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Connection } from "./connection.ts";
import { SparkError } from "./spark-error.ts";

/** Bytes of one message, as Spark's own clients choose them: small enough for any proxy between. */
const chunkBytes = 32 * 1024;

/** SHA-256 in hexadecimal, by which the server knows what it has already. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Puts bytes under `name` into the session, in chunks, each checked by its CRC. */
export async function addArtifact(connection: Connection, name: string, bytes: Uint8Array): Promise<void> {
  const { artifacts = [] } = await connection.send<{
    artifacts?: readonly { name?: string; is_crc_successful?: boolean }[];
  }>(`take ${name}`, "AddArtifacts", chunks(name, bytes));
  if (artifacts.length === 0 || artifacts.some((artifact) => !artifact.is_crc_successful)) {
    throw new SparkError(
      `Spark could not take ${name}: it came to the server damaged. What to do: try again`,
    );
  }
}

function* chunks(name: string, bytes: Uint8Array): Generator<object, void> {
  const count = Math.ceil(bytes.length / chunkBytes);
  const chunk = (at: number) => {
    const data = bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes);
    return { data, crc: crc32(data) };
  };
  // The server refuses an artifact of one chunk that is announced as one of several.
  if (count <= 1) yield { batch: { artifacts: [{ name, data: chunk(0) }] } };
  else {
    yield { begin_chunk: { name, total_bytes: bytes.length, num_chunks: count, initial_chunk: chunk(0) } };
    for (let at = 1; at < count; at++) yield { chunk: chunk(at) };
  }
}

/** Puts bytes into the session's cache, unless they are there, and gives the hash that a plan names them by. */
export async function cacheArtifact(connection: Connection, bytes: Uint8Array): Promise<string> {
  const hash = sha256(bytes);
  const name = `cache/${hash}`;
  const { statuses } = await connection.ask<{ statuses?: Readonly<Record<string, { exists?: boolean }>> }>(
    "look for an artifact",
    "ArtifactStatus",
    { names: [name] },
  );
  if (!statuses?.[name]?.exists) await addArtifact(connection, name, bytes);
  return hash;
}
