import type { Hono } from "hono";
import { type Principal, withCallSettings } from "../../modules/index.ts";
import { traceHeader } from "../answered-traces.ts";
import { RequestFailure } from "../failure.ts";
import { jsonObject } from "../gatekeeper.ts";
import type { SelfImprovingPipeline } from "../improvement/index.ts";
import { type Service, type ServiceEnv, versionHeader } from "../service.ts";

/** What a caller thought of an answer: kept on disk, counted by the monitor, and put on the answer's trace. */
export function feedback(app: Hono<ServiceEnv>, service: Service): void {
  app.post("/feedback", async (context) => {
    const { question, answer, rating, context: rested, comment, version, trace } = await jsonObject(context);
    if (typeof question !== "string" || question === "" || typeof answer !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `question` and `answer` as texts");
    if (typeof rating !== "number" || !(rating >= 1 && rating <= 5))
      throw new RequestFailure(400, "malformed feedback: expected `rating` from 1 to 5");
    if (comment !== undefined && typeof comment !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `comment` as text");
    const { principal } = context.var.caller;
    const { improving, traces } = service;
    const judged = traceOf(trace);
    // The same words whether it is another caller's, forgotten or none.
    if (judged !== undefined && !traces.wasAnsweredTo(judged, principal))
      throw new RequestFailure(403, "no such trace was answered to you; send the feedback without `trace`");
    const answered = improving && versionOf(version, improving, principal);
    await service.feedback.add({
      question,
      answer,
      rating,
      timestamp: new Date().toISOString(),
      ...(rested !== undefined && { context: rested }),
      ...(comment !== undefined && { comment }),
      ...(answered !== undefined && { version: answered }),
      ...(judged !== undefined && { trace: judged }),
      ...(principal && { principal: { id: principal.id, groups: principal.groups } }),
    });
    service.monitor.score(rating);
    if (judged !== undefined) {
      const person = principal?.id ?? "anonymous";
      traces.judge(judged, { name: "rating", value: rating, rationale: comment, by: { person } });
    }
    return context.json({ taken: true }, 201);
  });
}

/** The trace that a rating is of; undefined for none. */
function traceOf(given: unknown): string | undefined {
  if (given === undefined || typeof given === "string") return given;
  throw new RequestFailure(
    400,
    `malformed feedback: expected \`trace\` as the answer's header ${traceHeader} names it`,
  );
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
