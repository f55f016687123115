import type { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { failureBody } from "../failure.ts";
import { jsonObject } from "../gatekeeper.ts";
import { readInputs } from "../read-inputs.ts";
import { report, type Service, type ServiceEnv, work } from "../service.ts";
import { followSteps } from "../steps.ts";
import { declared } from "./chat-completions.ts";

/**
 * One call, followed: `step` events tell what began and ended, `field` events the pieces of fields as they come, and
 * the last is `result` with the outputs or `error`.
 */
export function streamRoute(app: Hono<ServiceEnv>, service: Service): void {
  const { program } = service;
  app.post("/stream", async (context) => {
    const inputs = readInputs(program, await jsonObject(context));
    return streamSSE(context, async (events) => {
      const send = (event: string, data: unknown) => events.writeSSE({ event, data: JSON.stringify(data) });
      try {
        const outputs = await work(context, service, (signal) =>
          followSteps(
            (step) => void send("step", step),
            async () => {
              if (!service.stream) return (await program.call(inputs)) as Record<string, unknown>;
              const deltas = program.stream(inputs, { signal });
              for (;;) {
                const step = await deltas.next();
                if (step.done) return step.value as Record<string, unknown>;
                await send("field", step.value);
              }
            },
          ),
        );
        await send("result", declared(service, outputs));
      } catch (error) {
        const failure = report(context, service, error);
        await send("error", failureBody(failure, false, context.var.requestId));
      }
    });
  });
}
