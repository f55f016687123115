import { currentSpan, type Span, traced, tracedStream } from "../core/index.ts";
import type { LMChunk, LMRequest, LMResponse } from "./request.ts";

/** The `model` span that already covers `request`, where an outer layer opened one. */
function coveringSpan(request: LMRequest): Span | undefined {
  const span = currentSpan();
  return span?.kind === "model" && span.inputs === request ? span : undefined;
}

function describe(span: Span, response: LMResponse): LMResponse {
  const { model, usage, cost, cached, seconds } = response;
  Object.assign(span.attributes, { model, usage, cost, cached, seconds });
  return response;
}

/**
 * Runs one call of a model as one `model` span, however many layers it passes: the outermost opens it. The span's
 * attributes tell `model`, `usage`, `cost`, `cached`, `seconds` and, where it was tried again, `attempts`.
 */
export function tracedCall(
  name: string,
  request: LMRequest,
  call: () => Promise<LMResponse>,
): Promise<LMResponse> {
  if (coveringSpan(request)) return call();
  return traced("model", name, request, (span) =>
    span ? call().then((response) => describe(span, response)) : call(),
  );
}

/** Like {@link tracedCall} for an answer that streams; the span ends with the last chunk. */
export function tracedChunks(
  name: string,
  request: LMRequest,
  call: () => AsyncGenerator<LMChunk, LMResponse>,
): AsyncGenerator<LMChunk, LMResponse> {
  if (coveringSpan(request)) return call();
  return tracedStream("model", name, request, async function* (span) {
    const response = yield* call();
    return span ? describe(span, response) : response;
  });
}

/** Notes on the span of this call how often it was tried. */
export function noteAttempts(request: LMRequest, attempts: number): void {
  const span = coveringSpan(request);
  if (span) span.attributes.attempts = attempts;
}
