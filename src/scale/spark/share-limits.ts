import { ConfigurationError } from "../../core/index.ts";
import type { LimitOptions } from "../../lm/gate.ts";

/** What workers may ask of the model, together and each. */
export interface SharedLimits {
  workers: number;
  each: LimitOptions;
}

/**
 * Divides limits on all calls over workers that know nothing of each other. Where a limit is less than the workers,
 * there are fewer of them.
 *
 * @throws ConfigurationError for a limit below 1.
 */
export function shareLimits(limits: LimitOptions, mostWorkers: number): SharedLimits {
  const given = (Object.keys(limits) as (keyof LimitOptions)[]).flatMap((name) => {
    const value = limits[name];
    if (value === undefined) return [];
    if (!(value >= 1)) throw new ConfigurationError(`invalid ${name}: ${value}, expected at least 1`);
    return [{ name, value }];
  });
  const workers = Math.min(mostWorkers, ...given.map(({ value }) => Math.floor(value)));
  return {
    workers,
    each: Object.fromEntries(given.map(({ name, value }) => [name, Math.floor(value / workers)])),
  };
}
