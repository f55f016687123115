import type { Hono } from "hono";
import { withCallSettings } from "../../modules/index.ts";
import type { Service, ServiceEnv } from "../service.ts";

/** What the program is told to do, for those who may call it: of a lone predictor this is its prompt. */
export function instructions(app: Hono<ServiceEnv>, { program }: Service): void {
  app.get("/instructions", (context) =>
    withCallSettings({ principal: context.var.caller.principal }, () =>
      context.json({ instructions: program.signature.instructions }),
    ),
  );
}
