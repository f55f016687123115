import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Session } from "../tracking/index.ts";
import { RequestFailure } from "./failure.ts";
import type { Caller, ServiceEnv } from "./service.ts";

/** Header by which a caller names the conversation that a request is of. */
export const conversationHeader = "x-conversation-id";

/** What such a name may be. */
export const conversationForm = /^[\w.:-]{1,128}$/;

/** Turns away names of a conversation that are none. An empty one is of a client that has no conversation yet. */
export const conversationNamed: MiddlewareHandler<ServiceEnv> = async (context, next) => {
  const name = context.req.header(conversationHeader) ?? "";
  if (name !== "" && !conversationForm.test(name))
    throw new RequestFailure(
      400,
      `malformed ${conversationHeader}: expected 1 to 128 letters, digits and any of . _ : -`,
    );
  await next();
};

/**
 * The session of a caller's conversation, of which traces are. A digest of caller and name: whoever names the conversation
 * of another caller is in one of their own, and no text of a caller is an id.
 */
export function sessionOf({ principal }: Caller, conversation: string): Session {
  const id = createHash("sha256")
    .update(JSON.stringify([principal?.id ?? null, conversation]))
    .digest("hex")
    .slice(0, 32);
  return { id, user: principal?.id };
}
