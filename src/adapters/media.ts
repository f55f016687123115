import { ConfigurationError } from "../core/index.ts";
import type { ContentPart } from "../lm/request.ts";
import type { Media } from "../signature/index.ts";

/**
 * An image, a sound or a file as a piece of a message.
 *
 * @throws ConfigurationError where the value is none, or is given in a way that no endpoint takes.
 */
export function mediaPart(media: "image" | "audio" | "file", name: string, value: unknown): ContentPart {
  const address = toAddress(name, value as Media);
  if (media === "image") return { type: "image", url: address };
  if (media === "file") {
    const filename = typeof value === "string" ? name : ((value as { name?: string }).name ?? name);
    return { type: "file", filename, data: address };
  }
  const sound = /^data:audio\/(?:x-)?(wav|mp3|mpeg)(?:;[^,;]*)*;base64,/i.exec(address);
  if (!sound) {
    throw new ConfigurationError(
      `invalid audio for '${name}': expected wav or mp3, as bytes with their media type or a data: address in base64`,
    );
  }
  const format = sound[1]!.toLowerCase() === "wav" ? "wav" : "mp3";
  return { type: "audio", data: address.slice(sound[0].length), format };
}

function toAddress(name: string, value: Media): string {
  if (typeof value === "string" && /^(?:https?:|data:)/i.test(value)) return value;
  if (typeof value === "object" && value !== null && ArrayBuffer.isView(value.data)) {
    return `data:${value.mediaType};base64,${Buffer.from(value.data).toString("base64")}`;
  }
  throw new ConfigurationError(
    `invalid value for '${name}': expected an http(s): or data: address, or { data: Uint8Array, mediaType }`,
  );
}
