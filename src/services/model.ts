import { ConfigurationError } from "../core/index.ts";
import type { StartOptions } from "./local-service.ts";

/** An OpenAI-compatible endpoint to ask. */
export interface ModelEndpoint {
  /** Up to and including `/v1`, or what else the environment names. */
  readonly baseURL: string;
  /** Empty where the environment names an endpoint and no key. */
  readonly apiKey: string;
  /** The model to ask for: `OPENAI_MODEL`, or the embedded one; undefined where nothing says. */
  readonly model: string | undefined;
  readonly embedded: boolean;
  /**
   * For the embedded model the SHA-256 of its file: what a cache should know it by, as its port changes with
   * every start.
   */
  readonly identity?: string;
}

/**
 * The model endpoint to use: `OPENAI_BASE_URL` with `OPENAI_API_KEY`; with a key alone, OpenAI's own; else the
 * embedded model, started where it does not run (1 s).
 *
 * Throws {@link ConfigurationError} for an address that is none and where the Python side is missing,
 * {@link UnreachableError} where the embedded model does not start.
 */
export async function ensureModel(options?: StartOptions): Promise<ModelEndpoint> {
  const named = modelOfEnvironment();
  if (named) return named;
  // Processes, sockets and hashes load on use: an import of the package does not wait for them.
  const { embeddedModelName, embeddedModelService } = await import("./embedded-model.ts");
  const { findOrStart } = await import("./local-service.ts");
  const { port, key, identity } = await findOrStart(embeddedModelService, options);
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    apiKey: key ?? "",
    model: embeddedModelName,
    embedded: true,
    ...(identity === undefined ? {} : { identity }),
  };
}

/** The endpoint the environment names, if it names one. */
export function modelOfEnvironment(): ModelEndpoint | undefined {
  const { OPENAI_BASE_URL: address, OPENAI_API_KEY: key, OPENAI_MODEL: model } = process.env;
  if (!address && !key) return undefined;
  const baseURL = address || "https://api.openai.com/v1";
  // The address itself stays out of the message: it may hold credentials.
  if (!URL.canParse(baseURL) || !/^https?:$/.test(new URL(baseURL).protocol)) {
    throw new ConfigurationError(
      "OPENAI_BASE_URL is not an http(s) address; it should read like http://127.0.0.1:8080/v1",
    );
  }
  return { baseURL, apiKey: key ?? "", model: model || undefined, embedded: false };
}
