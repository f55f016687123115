import { type Setting, setting, type Span } from "../core/index.ts";

/** Whom a conversation is with. */
export interface Session {
  /** Groups the traces of one conversation. */
  id: string;
  /** Who asks, by a name that may be logged. */
  user?: string | undefined;
}

const current: Setting<Session | undefined> = setting<Session | undefined>(undefined);
const sessions = new WeakMap<Span, Session>();

/**
 * Runs `body` as part of a conversation: the traces of the calls within it are grouped by it in MLflow.
 *
 * @example
 * const answer = await mlflow.withSession({ id: chatId, user: "ann" }, () => bot.call({ question, history }));
 */
export function withSession<R>(session: Session | string, body: () => R): R {
  return current.run(typeof session === "string" ? { id: session } : session, body);
}

/** Keeps which conversation a span belongs to; to be called where the span ends. */
export function noteSession(span: Span): void {
  const session = current.get();
  if (session) sessions.set(span, session);
}

/** The session of a span as attributes of OpenTelemetry (https://opentelemetry.io/docs/specs/semconv/registry/attributes/session/). */
export function sessionAttributes(span: Span): Record<string, string> {
  const session = sessions.get(span);
  if (!session) return {};
  return { "session.id": session.id, ...(session.user !== undefined && { "user.id": session.user }) };
}
