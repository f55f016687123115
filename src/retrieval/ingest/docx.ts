import { htmlSections } from "./html.ts";
import type { Section } from "./section.ts";

/** The parts of a Word document, one a heading. Images are left out. */
export async function docxSections(bytes: Uint8Array, mostBytes: number): Promise<Section[]> {
  const { checkArchive } = await import("./archive.ts"); // on use, as it brings node:zlib
  checkArchive(bytes, mostBytes);
  const { default: mammoth } = await import("mammoth");
  const { value } = await mammoth.convertToHtml(
    { buffer: Buffer.from(bytes) },
    { convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })) },
  );
  return htmlSections(value);
}
