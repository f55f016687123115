import type { LanguageModel } from "../lm/request.ts";
import type { Adapter } from "./adapter.ts";
import { chatAdapter } from "./chat.ts";
import { jsonAdapter } from "./json.ts";

/**
 * The adapter for a model where none was chosen: JSON constrained by schema, unless the endpoint was found unable
 * to constrain, then chat markers.
 */
export function chooseAdapter(model: Pick<LanguageModel, "abilities">): Adapter {
  return model.abilities.jsonSchema === false ? chatAdapter : jsonAdapter;
}
