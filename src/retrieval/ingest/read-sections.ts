import { readFile, stat } from "node:fs/promises";
import { DataError } from "../../core/index.ts";
import { EncodingFault, readText, type TextOptions } from "../../data/decode.ts";
import { openingError } from "../../data/file.ts";
import { docxSections } from "./docx.ts";
import { htmlSections } from "./html.ts";
import { markdownSections } from "./markdown.ts";
import { pdfSections } from "./pdf.ts";
import type { Section } from "./section.ts";

/** How a file of prose is read. */
export interface SectionOptions extends TextOptions {
  /** Bytes at most of the file, and of what it unpacks to. */
  readonly mostBytes: number;
}

type Reader = (path: string, options: SectionOptions) => Section[] | Promise<Section[]>;

const plain: Reader = async (path, options) => [{ text: await textOf(path, options) }];
const markdown: Reader = async (path, options) => markdownSections(await textOf(path, options));
const html: Reader = async (path, options) => htmlSections(await textOf(path, options));

/** What reads a file of prose, by its ending. */
export const sectionReaders: Readonly<Record<string, Reader>> = {
  ".txt": plain,
  ".text": plain,
  ".log": plain,
  ".md": markdown,
  ".markdown": markdown,
  ".html": html,
  ".htm": html,
  ".xhtml": html,
  ".pdf": async (path, { mostBytes }) => pdfSections(new Uint8Array(await bytesOf(path, mostBytes))),
  ".docx": async (path, { mostBytes }) => docxSections(await bytesOf(path, mostBytes), mostBytes),
};

async function textOf(path: string, options: SectionOptions): Promise<string> {
  await checkSize(path, options.mostBytes);
  const pieces: string[] = [];
  try {
    for await (const piece of readText(path, options)) pieces.push(piece);
  } catch (error) {
    if (error instanceof EncodingFault) throw new DataError(error.advice, { cause: error });
    throw error;
  }
  const text = pieces.join("");
  if (text.includes("\0")) throw new DataError("holds null characters, which no text does");
  return text;
}

async function bytesOf(path: string, mostBytes: number): Promise<Buffer> {
  await checkSize(path, mostBytes);
  return readFile(path);
}

async function checkSize(path: string, mostBytes: number): Promise<void> {
  const { size } = await stat(path).catch(async (error: unknown) => {
    throw await openingError(error, path);
  });
  if (size > mostBytes) {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    throw new DataError(`is ${megabytes(size)} large; at most ${megabytes(mostBytes)} are read (mostBytes)`);
  }
}
