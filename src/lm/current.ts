import { type Setting, setting } from "../core/index.ts";
import type { LanguageModel } from "./request.ts";

/**
 * The model that predictors ask where they have none of their own: set by {@link connect}, and for everything
 * that runs inside `currentLM.run(model, body)`.
 */
export const currentLM: Setting<LanguageModel | undefined> = setting<LanguageModel | undefined>(undefined);
