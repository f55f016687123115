import { ConfigurationError } from "../../core/index.ts";

/**
 * What nobody can measure on labelled rows, and estimates need. The defaults are round figures to begin with and
 * come from no study: put your own in.
 */
export interface ServiceAssumptions {
  /** Minutes a person takes to read and sort a message by hand. Default 2. */
  minutesToSort: number;
  /** Minutes a person takes to look at a message that is already labelled. Default 1. */
  minutesToReview: number;
  /** Minutes that a message costs which went to the wrong team. Default 4. */
  minutesToReroute: number;
  /** US dollars that an hour of such work costs. Default 30. */
  hourlyCost: number;
  /** Share of messages that the right team resolves at the first contact, 0 to 1. Default 0.75. */
  resolvedAtRightTeam: number;
  /** The same of the wrong team. Default 0.25. */
  resolvedAtWrongTeam: number;
}

/** See {@link ServiceAssumptions}. */
export const serviceAssumptions: Readonly<ServiceAssumptions> = {
  minutesToSort: 2,
  minutesToReview: 1,
  minutesToReroute: 4,
  hourlyCost: 30,
  resolvedAtRightTeam: 0.75,
  resolvedAtWrongTeam: 0.25,
};

/** Those given, and the defaults of the others. Throws ConfigurationError for one that no estimate can use. */
export function completeAssumptions(given: Partial<ServiceAssumptions>): ServiceAssumptions {
  const all = { ...serviceAssumptions, ...given };
  for (const [name, value] of Object.entries(all)) {
    const most = name.startsWith("resolved") ? 1 : Infinity;
    if (typeof value === "number" && value >= 0 && value <= most && value < Infinity) continue;
    throw new ConfigurationError(
      `invalid ${name}: ${String(value)}; expected a number from 0${most === 1 ? " to 1" : ""}`,
    );
  }
  return all;
}
