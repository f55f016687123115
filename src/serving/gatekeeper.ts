import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { RequestFailure } from "./failure.ts";
import type { Caller, Service, ServiceContext, ServiceEnv } from "./service.ts";

type Gate = MiddlewareHandler<ServiceEnv>;

/**
 * Lets pages of other sites do nothing. A browser says where a page came from; and a name that is made to mean this
 * machine (DNS rebinding) is not the one the server goes by.
 */
export function sameSite(loopback: boolean): Gate {
  return async (context, next) => {
    const host = context.req.header("host") ?? "";
    const origin = context.req.header("origin");
    if (loopback && !/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host))
      throw new RequestFailure(403, "the server goes by no such name");
    if (origin !== undefined && hostOf(origin) !== host.toLowerCase())
      throw new RequestFailure(403, "pages of other sites may not call this server");
    await next();
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** Finds out who calls, and keeps them within their rate. */
export function authenticated(service: Service): Gate {
  return async (context, next) => {
    const caller = await callerOf(context, service);
    context.set("caller", caller);
    const wait = service.rate?.take(caller.id) ?? 0;
    if (wait > 0)
      throw new RequestFailure(429, "too many requests within a minute", { retryAfter: Math.ceil(wait) });
    await next();
  };
}

async function callerOf(context: ServiceContext, { tokens, principal }: Service): Promise<Caller> {
  if (!tokens) return { id: principal?.id ?? "anybody", principal, operator: true };
  const given = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  const record = given === undefined ? undefined : await tokens.find(given);
  // The same words whether it is missing, wrong, expired or revoked.
  if (!record) throw new RequestFailure(401, "a valid token is needed: Authorization: Bearer TOKEN");
  return { id: record.id, principal: record.principal, operator: record.operator };
}

/** For those who may see figures of all callers. */
export const operatorsOnly: Gate = async (context, next) => {
  if (!context.var.caller.operator) throw new RequestFailure(403, "an operator's token is needed");
  await next();
};

/** Gives the request a place, which it keeps until its work ends. */
export function admitted({ admission }: Service): Gate {
  return async (context, next) => {
    // Of the connection itself: the request's own signal is silent on some callers that leave amid a stream.
    const left = new AbortController();
    context.env.outgoing.once("close", () => left.abort());
    const place = await admission.enter(left.signal);
    context.set("place", place);
    try {
      await next();
    } finally {
      place.leave();
    }
  };
}

/** Turns away bodies beyond so many bytes, also where no length was announced. */
export function within(bytes: number): Gate {
  return bodyLimit({
    maxSize: bytes,
    onError: () => {
      throw new RequestFailure(413, `the request is larger than ${bytes} bytes`);
    },
  });
}

/** The JSON of a request's body. Throws RequestFailure 415 for another type, 400 for what is no JSON. */
export async function jsonBody(context: ServiceContext): Promise<unknown> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new RequestFailure(415, `expected content of type application/json; found ${type || "none"}`);
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestFailure(400, "malformed request: the body is no JSON");
  }
}

/** {@link jsonBody} where it must be an object. */
export async function jsonObject(context: ServiceContext): Promise<Record<string, unknown>> {
  const body = await jsonBody(context);
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw new RequestFailure(400, "malformed request: expected a JSON object");
}
