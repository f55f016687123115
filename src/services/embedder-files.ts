import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "../core/index.ts";
import { packageRoot } from "./home.ts";
import { pythonPath } from "./python.ts";

/** Paths of what the embedded embedder reads. */
export interface EmbedderFiles {
  /** One vector a token, in safetensors. */
  readonly weights: string;
  /** The tokenizer, as Hugging Face writes it. */
  readonly tokenizer: string;
}

/**
 * The embedded embedder's files. The Python side keeps them; where it has none yet it fetches them once (19 MB).
 * Throws {@link ConfigurationError} where the Python side is missing, or they cannot be fetched.
 */
export async function ensureEmbedderFiles(): Promise<EmbedderFiles> {
  const script = join(packageRoot, "python", "embedder_files.py");
  const { stdout } = await promisify(execFile)(pythonPath(), [script]).catch(
    (error: Error & { stderr?: string }) => {
      throw new ConfigurationError(
        `the embedded embedder has no files: ${error.stderr?.trim() || error.message}\n` +
          "Run `npm run setup` where the package registry can be reached, or name an endpoint: endpointEmbedder(…).",
      );
    },
  );
  const folder = stdout.trim();
  return {
    weights: join(folder, "l2_supercat_256.safetensors"),
    tokenizer: join(folder, "l2_supercat_tokenizer_config.json"),
  };
}
