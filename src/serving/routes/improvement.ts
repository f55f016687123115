import type { Hono } from "hono";
import { RequestFailure } from "../failure.ts";
import type { Service, ServiceEnv } from "../service.ts";

/** How a program that improves itself is taken back by those who run it. */
export function improvement(app: Hono<ServiceEnv>, { improving }: Service): void {
  if (!improving) return;
  app.post("/improvement/rollback", async (context) => {
    const { former } = improving.state;
    if (former.length === 0) throw new RequestFailure(409, "no version answered before this one");
    const { why } = await improving.rollback();
    return context.json({ version: improving.version, why });
  });
}
