import { readFile } from "node:fs/promises";

/** What is used of a tokenizer. */
export interface Tokenizer {
  encode(text: string, options?: { add_special_tokens: boolean }): { ids: number[] };
}

/** What is used of the package; its own types are not found from an ES module. */
interface TokenizerPackage {
  Tokenizer: new (definition: object, configuration: object) => Tokenizer;
}

/** The tokenizer of a file as Hugging Face writes it. */
export async function readTokenizer(file: string): Promise<Tokenizer> {
  const [definition, { Tokenizer }] = await Promise.all([
    readFile(file, "utf8"),
    import("@huggingface/tokenizers") as Promise<unknown> as Promise<TokenizerPackage>,
  ]);
  return new Tokenizer(JSON.parse(definition) as object, {});
}
