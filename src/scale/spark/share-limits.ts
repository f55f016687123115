import { ConfigurationError } from "../../core/index.ts";
import type { LimitOptions } from "../../lm/gate.ts";

/** What the workers of one executor may ask of the model together. */
export interface ExecutorLimits extends LimitOptions {
  /**
   * Workers that one executor runs at once at most: `spark.executor.cores` divided by `spark.task.cpus`. Default: all that
   * there are, which holds on any cluster and leaves each worker the smallest part.
   */
  workers?: number | undefined;
}

/** What workers may ask of the model, together and each. */
export interface SharedLimits {
  workers: number;
  each: LimitOptions;
}

/**
 * Divides limits on all calls, and those on the calls of one executor, over workers that know nothing of each other. Where
 * a limit is less than the workers that it is for, there are fewer of them.
 *
 * @throws ConfigurationError for a limit below 1.
 */
export function shareLimits(
  limits: LimitOptions,
  mostWorkers: number,
  { workers: neighbours = mostWorkers, ...perExecutor }: ExecutorLimits = {},
): SharedLimits {
  if (!(neighbours >= 1)) {
    throw new ConfigurationError(`invalid workers of an executor: ${neighbours}, expected at least 1`);
  }
  const all = entries(limits);
  const near = entries(perExecutor);
  const least = (given: typeof all) => Math.min(...given.map(({ value }) => Math.floor(value)));
  let workers = Math.min(mostWorkers, least(all));
  // They may all come to run on one executor.
  if (least(near) < Math.min(workers, neighbours)) workers = least(near);
  const together = Math.min(workers, Math.floor(neighbours));
  const each: LimitOptions = {};
  for (const [given, sharers] of [
    [all, workers],
    [near, together],
  ] as const) {
    for (const { name, value } of given) {
      each[name] = Math.min(each[name] ?? Infinity, Math.floor(value / sharers));
    }
  }
  return { workers, each };
}

function entries(limits: LimitOptions): { name: keyof LimitOptions; value: number }[] {
  return (Object.keys(limits) as (keyof LimitOptions)[]).flatMap((name) => {
    const value = limits[name];
    if (value === undefined) return [];
    if (!(value >= 1)) throw new ConfigurationError(`invalid ${name}: ${value}, expected at least 1`);
    return [{ name, value }];
  });
}
