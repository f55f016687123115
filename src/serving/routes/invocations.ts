import type { Hono } from "hono";
import { describeError } from "../../core/index.ts";
import { jsonBody } from "../gatekeeper.ts";
import { invocationRows } from "../invocation-rows.ts";
import { readInputs } from "../read-inputs.ts";
import { scoreRows } from "../scoring-worker.ts";
import { report, type Service, type ServiceEnv, work } from "../service.ts";

/**
 * MLflow's scoring protocol: a row that fails answers with its error beside the others, one that does not hold the
 * program's inputs fails the request.
 */
export function invocations(app: Hono<ServiceEnv>, service: Service): void {
  const { program } = service;
  app.post("/invocations", async (context) => {
    const sent = invocationRows(await jsonBody(context), program.signature);
    const rows = sent.map((row, index) => readInputs(program, row, index + 1));
    const tell = (error: unknown) =>
      `${describeError(error).name}: ${report(context, service, error).message}`;
    const predictions = await work(context, service, () => scoreRows(program, rows, {}, tell), rows.length);
    return context.json({ predictions });
  });
}
