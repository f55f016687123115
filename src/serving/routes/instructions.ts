import type { Hono } from "hono";
import type { Service, ServiceEnv } from "../service.ts";

/** What the program is told to do, for those who may call it: of a lone predictor this is its prompt. */
export function instructions(app: Hono<ServiceEnv>, { program }: Service): void {
  app.get("/instructions", (context) => context.json({ instructions: program.signature.instructions }));
}
