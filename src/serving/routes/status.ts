import type { Hono } from "hono";
import { chainCounts, chainRows } from "../chain-figures.ts";
import { figureRows } from "../performance-monitor.ts";
import { openApi } from "../open-api.ts";
import type { ImprovementState } from "../improvement/index.ts";
import type { Service, ServiceEnv } from "../service.ts";

/** Whether the server is there, and what it serves: open to all, and silent about its callers. */
export function publicStatus(app: Hono<ServiceEnv>, service: Service): void {
  for (const path of ["/ping", "/health"])
    app.get(path, (context) => (service.draining ? context.text("stopping\n", 503) : context.text("\n")));
  app.get("/version", (context) => context.text(service.version));
  const description = openApi(service);
  app.get("/openapi.json", (context) => context.json(description));
}

/** Figures over all callers. */
export function operatorStatus(
  app: Hono<ServiceEnv>,
  { program, monitor, counters, admission, improving }: Service,
): void {
  app.get("/metrics", (context) => {
    context.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return context.body(counters.text(admission, monitor.totals(), chainCounts(program)));
  });
  app.get("/monitor/figures", (context) => {
    const chains = chainCounts(program);
    return context.json({
      rows: [...figureRows(monitor.totals(), monitor.recent()), ...chainRows(chains)],
      chains,
      totals: monitor.totals(),
      windowSeconds: monitor.windowSeconds,
      windows: monitor.windows(),
      alerts: [...monitor.firing].map(([rule, message]) => ({ rule, message })),
      running: admission.running,
      waiting: admission.waiting,
      ...(improving && { improvement: told(improving.state) }),
    });
  });
}

/** What operators see of a program that improves itself, the newest round first. */
function told({ champion, former, round, rounds }: ImprovementState): object {
  return {
    version: champion,
    former: former.at(-1) ?? null,
    underWay: round ? { version: round.challenger, found: round.found } : null,
    rounds: rounds.slice(-10).reverse(),
  };
}
