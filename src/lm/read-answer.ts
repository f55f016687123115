import { type LmframeError, UnreachableError } from "../core/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { endpointError, type Failure } from "./endpoint-error.ts";

/**
 * The body of an answer, which holds `member`, or else an error. Throws UnreachableError where it is no object, and
 * what an error in it stands for.
 */
export function readAnswer<T extends object>(answer: unknown, member: keyof T, endpoint: Endpoint): T {
  if (answer === undefined || answer === null || answer === "")
    throw new UnreachableError(`${endpoint.address} answered with an empty body`);
  if (typeof answer !== "object")
    throw new UnreachableError(`${endpoint.address} answered with a body that is not JSON`);
  const { error } = answer as { error?: unknown };
  if (error && !(answer as T)[member]) throw embeddedError(error, endpoint);
  return answer as T;
}

/** Gateways report an upstream failure in a body with status 200. */
function embeddedError(error: unknown, endpoint: Endpoint): LmframeError {
  const { message, code, type } = (typeof error === "object" ? error : { message: error }) as Failure;
  const status = typeof code === "number" && code >= 400 && code < 600 ? code : undefined;
  return endpointError({ message, code, type, status }, endpoint.address, (text) => endpoint.redact(text));
}
