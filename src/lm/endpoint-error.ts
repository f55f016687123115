import {
  ConfigurationError,
  type LmframeError,
  RateLimitError,
  RefusedError,
  TooLongError,
  UnreachableError,
} from "../core/index.ts";

/** A failure as the client throws it: with a status where the endpoint answered, else of the transport. */
export interface Failure {
  message?: unknown;
  cause?: unknown;
  status?: number | undefined;
  code?: unknown;
  type?: unknown;
  headers?: Headers | undefined;
}

// The wordings of OpenAI, llama.cpp, vLLM, and those who serve through them.
const tooLong =
  /context_length_exceeded|exceed_context_size|exceeds? the available context|maximum context length|context (size|window|length)|max_model_len|(prompt|input) is too long|too many tokens/i;
const noSuchModel = /model_not_found|model\b.{0,80}\b(not found|does not exist|not exist)|no such model/i;
const filtered = /content_filter|content_policy|moderation|flagged/i;
const noQuota = /insufficient_quota|exceeded your current quota|billing/i;

/**
 * The error of lmframe for a failed call. `address` is where it went; `redact` takes secrets out of what the
 * endpoint said. The client's own error is not kept as the cause: it holds headers and bodies, which may repeat
 * the key.
 */
export function endpointError(
  failure: Failure,
  address: string,
  redact: (text: string) => string,
): LmframeError {
  const { status } = failure;
  const said = saying(failure, redact);
  const text = [failure.code, failure.type, said].filter((part) => typeof part === "string").join(" ");
  const found = (what: string) => `${address} ${what}: ${said}`;
  const retryAfter = readRetryAfter(failure.headers);
  // Without a status the call may have failed within a stream that had begun well.
  if (status === undefined) {
    if (tooLong.test(text)) return new TooLongError(found("cannot take a prompt this long"));
    return new UnreachableError(found("gave no whole answer"));
  }
  if (status === 429) {
    if (noQuota.test(text))
      return new ConfigurationError(`${found("answered 429")}; the account has no credit left`);
    return new RateLimitError(found("asks for fewer requests"), { status, retryAfter });
  }
  if (status === 408 || status === 409 || status === 425 || status >= 500 || status < 400)
    return new UnreachableError(found(`answered ${status}`), { status, retryAfter });
  if (filtered.test(text)) return new RefusedError(found("filtered this request"), { status });
  if (status === 413 || tooLong.test(text))
    return new TooLongError(`${found("cannot take a prompt this long")}; shorten inputs or demos`, {
      status,
    });
  if (status === 401)
    return new ConfigurationError(
      `${found("does not accept the key")}; check OPENAI_API_KEY, or the apiKey that was given`,
    );
  if (status === 402 || status === 403)
    return new ConfigurationError(
      `${found(`answered ${status}`)}; the key has no right to this, or no credit`,
    );
  if (noSuchModel.test(text))
    return new ConfigurationError(`${found("does not serve this model")}; check OPENAI_MODEL`);
  if (status === 404 || status === 405)
    return new ConfigurationError(
      `${found(`answered ${status}`)}; is the address right? It mostly ends in /v1`,
    );
  return new RefusedError(found(`did not accept the request (${status})`), { status });
}

/** What the endpoint said, or why the transport failed, in one short line. */
function saying(failure: Failure, redact: (text: string) => string): string {
  const parts = [failure.message];
  for (
    let cause = failure.cause, depth = 0;
    cause instanceof Error && depth < 3;
    cause = cause.cause, depth++
  )
    parts.push(cause.message || (cause as NodeJS.ErrnoException).code);
  const line = [...new Set(parts.filter((part) => typeof part === "string" && part !== ""))]
    .join("; ")
    .replace(/\s+/g, " ")
    .replace(/^\d{3} (?=\S)/, "");
  // Redacted first: a cut could leave half a key that is no longer recognised.
  const clean = redact(line) || "no reason given";
  return clean.length > 500 ? `${clean.slice(0, 500)}…` : clean;
}

/** Seconds of `Retry-After` (a number or an HTTP date) or `retry-after-ms`; undefined where unsaid or unreadable. */
export function readRetryAfter(headers: Headers | undefined, now: number = Date.now()): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (milliseconds >= 0) return milliseconds / 1000;
  const value = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
