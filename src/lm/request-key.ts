import { hash } from "node:crypto";
import type { LMRequest } from "./request.ts";

/**
 * The key of a request to a model: SHA-256 of the model's identity and the whole request, rollout included. The
 * order of the request's own members does not count; that within a schema does, since models write fields in it.
 * Audiences have keys of their own.
 */
export function requestKey(identity: string, request: LMRequest, audience?: string): string {
  const members = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const all = audience === undefined ? [identity, members] : [identity, members, audience];
  return hash("sha256", JSON.stringify(all));
}
