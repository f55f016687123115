import type { Hono } from "hono";
import { RequestFailure } from "../failure.ts";
import { jsonObject } from "../gatekeeper.ts";
import type { Service, ServiceEnv } from "../service.ts";

/** What a caller thought of an answer: kept on disk, and counted by the monitor. */
export function feedback(app: Hono<ServiceEnv>, service: Service): void {
  app.post("/feedback", async (context) => {
    const { question, answer, rating, context: rested, comment } = await jsonObject(context);
    if (typeof question !== "string" || question === "" || typeof answer !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `question` and `answer` as texts");
    if (typeof rating !== "number" || !(rating >= 1 && rating <= 5))
      throw new RequestFailure(400, "malformed feedback: expected `rating` from 1 to 5");
    if (comment !== undefined && typeof comment !== "string")
      throw new RequestFailure(400, "malformed feedback: expected `comment` as text");
    const { principal } = context.var.caller;
    await service.feedback.add({
      question,
      answer,
      rating,
      timestamp: new Date().toISOString(),
      ...(rested !== undefined && { context: rested }),
      ...(comment !== undefined && { comment }),
      ...(service.improving && { version: service.improving.version }),
      ...(principal && { principal: { id: principal.id, groups: principal.groups } }),
    });
    service.monitor.score(rating);
    return context.json({ taken: true }, 201);
  });
}
