import type { LanguageModel } from "./request.ts";
import { tracedCall, tracedChunks } from "./trace.ts";

/** A language model that answers through `inner` in its own way, and is the same model to a program. */
export function layer(
  inner: LanguageModel,
  over: Pick<LanguageModel, "complete" | "stream" | "concurrency">,
): LanguageModel {
  const { name, identity, abilities } = inner;
  return {
    name,
    identity,
    abilities,
    concurrency: over.concurrency ?? inner.concurrency,
    complete: (request, options) => tracedCall(name, request, () => over.complete(request, options)),
    stream: (request, options) => tracedChunks(name, request, () => over.stream(request, options)),
  };
}
