import type { Section } from "./section.ts";

/** The text of a PDF file, page by page. Pages without text (a scan's) have no part. */
export async function pdfSections(bytes: Uint8Array): Promise<Section[]> {
  const { extractText, getDocumentProxy } = await import("unpdf");
  // What cannot be read is told by the error; the reader's own warnings would go to the terminal.
  const pdf = await getDocumentProxy(bytes, { verbosity: 0 });
  try {
    const { text } = await extractText(pdf, { mergePages: false });
    return text
      .map((page, index) => ({ text: page, page: index + 1 }))
      .filter(({ text }) => text.trim() !== "");
  } finally {
    await pdf.cleanup();
  }
}
