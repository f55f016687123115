import { ConfigurationError } from "../core/index.ts";
import { connect, type LanguageModel, type LMOptions } from "../lm/index.ts";
import type { Module } from "./module.ts";

/**
 * Finds the model that the environment names, for a program that was made elsewhere: a worker has no model but that.
 *
 * @returns undefined where every predictor brings its own.
 * @throws ConfigurationError where the environment names none: there is no embedded model where workers run.
 */
export async function connectWhereRun(
  program: Module,
  options: LMOptions = {},
): Promise<LanguageModel | undefined> {
  if ([...program.predictors().values()].every((predictor) => predictor.modelFor() !== undefined))
    return undefined;
  if (!process.env.OPENAI_BASE_URL && !process.env.OPENAI_API_KEY) {
    throw new ConfigurationError(
      "the program asks a language model, and none is configured where it runs: set OPENAI_BASE_URL or " +
        "OPENAI_API_KEY there, and OPENAI_MODEL where the endpoint has several",
    );
  }
  return connect(options);
}
