import { Hono } from "hono";
import { failureBody, newRequestId, RequestFailure } from "./failure.ts";
import { admitted, authenticated, operatorsOnly, sameSite, within } from "./gatekeeper.ts";
import { pages } from "./pages/pages.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { documents } from "./routes/documents.ts";
import { feedback } from "./routes/feedback.ts";
import { improvement } from "./routes/improvement.ts";
import { instructions } from "./routes/instructions.ts";
import { invocations } from "./routes/invocations.ts";
import { operatorStatus, publicStatus } from "./routes/status.ts";
import { streamRoute } from "./routes/stream.ts";
import { conversationNamed } from "./named-conversation.ts";
import { report, type Service, type ServiceEnv } from "./service.ts";

/**
 * The routes of a served program, in the order a request meets them: what anybody may see; who calls; figures; and
 * work, for which there is a bounded number of places.
 */
export function serviceApp(service: Service, loopback: boolean): Hono<ServiceEnv> {
  const app = new Hono<ServiceEnv>();
  const { limits } = service;
  app.use(async (context, next) => {
    const requestId = newRequestId();
    context.set("requestId", requestId);
    context.header("x-request-id", requestId);
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "no-referrer");
    context.header("cache-control", "no-store");
    await next();
  });
  app.use(sameSite(loopback));
  publicStatus(app, service);
  pages(app, service);
  app.use(async (_, next) => {
    if (service.draining) throw new RequestFailure(503, "the server is stopping", { retryAfter: 1 });
    await next();
  });
  app.use(authenticated(service));
  instructions(app, service);
  app.use("/metrics", operatorsOnly);
  app.use("/monitor/figures", operatorsOnly);
  operatorStatus(app, service);
  app.use("/improvement/*", operatorsOnly);
  improvement(app, service);
  app.use("/feedback", within(Math.min(limits.bodyBytes, 1_000_000)));
  feedback(app, service);
  for (const path of ["/invocations", "/stream", "/v1/chat/completions"])
    app.use(path, conversationNamed, admitted(service), within(limits.bodyBytes));
  app.use("/documents", admitted(service), within(limits.uploadBytes));
  invocations(app, service);
  chatCompletions(app, service);
  streamRoute(app, service);
  documents(app, service);
  app.notFound((context) => {
    const failure = new RequestFailure(404, "there is nothing here; /openapi.json lists what there is");
    return context.json(failureBody(failure, false, context.var.requestId), 404);
  });
  app.onError((error, context) => {
    const failure = report(context, service, error);
    const { requestId } = context.var;
    if (failure.retryAfter !== undefined) context.header("retry-after", String(failure.retryAfter));
    if (failure.status === 401) context.header("www-authenticate", "Bearer");
    const openai = context.req.path.startsWith("/v1/");
    return context.json(failureBody(failure, openai, requestId), failure.status as 400);
  });
  return app;
}
