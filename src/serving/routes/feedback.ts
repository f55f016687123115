import type { Hono } from "hono";
import { type Principal, withCallSettings } from "../../modules/index.ts";
import { RequestFailure } from "../failure.ts";
import { jsonObject } from "../gatekeeper.ts";
import type { SelfImprovingPipeline } from "../improvement/index.ts";
import { type Service, type ServiceEnv, versionHeader } from "../service.ts";

/** What a caller thought of an answer: kept on disk, and counted by the monitor. */
export function feedback(app: Hono<ServiceEnv>, service: Service): void {
  app.post("/feedback", async (context) => {
    const { question, answer, rating, context: rested, comment, version } = await jsonObject(context);
    if (typeof question !== "string" || question === "" || typeof answer !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `question` and `answer` as texts");
    if (typeof rating !== "number" || !(rating >= 1 && rating <= 5))
      throw new RequestFailure(400, "malformed feedback: expected `rating` from 1 to 5");
    if (comment !== undefined && typeof comment !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `comment` as text");
    const { principal } = context.var.caller;
    const { improving } = service;
    const answered = improving && versionOf(version, improving, principal);
    await service.feedback.add({
      question,
      answer,
      rating,
      timestamp: new Date().toISOString(),
      ...(rested !== undefined && { context: rested }),
      ...(comment !== undefined && { comment }),
      ...(answered !== undefined && { version: answered }),
      ...(principal && { principal: { id: principal.id, groups: principal.groups } }),
    });
    service.monitor.score(rating);
    return context.json({ taken: true }, 201);
  });
}

/** The version that gave the answer; where its rater does not say, the one that answers them now. */
function versionOf(
  given: unknown,
  improving: SelfImprovingPipeline,
  principal: Principal | undefined,
): number {
  if (given === undefined) return withCallSettings({ principal }, () => improving.holding((now) => now));
  const newest = improving.state.next - 1;
  if (typeof given === "number" && Number.isInteger(given) && given >= 0 && given <= newest) return given;
  throw new RequestFailure(
    400,
    `malformed feedback: expected \`version\` as the answer's header ${versionHeader} names it, from 0 to ${newest}`,
  );
}
