import { ConfigurationError, describeError, isOutage } from "../core/index.ts";
import { type CallSettings, callSettings } from "./call-settings.ts";
import type { Module, ProgramInputs, ProgramOutputs } from "./module.ts";

/** What a reward may be: higher is better, a boolean counts as 1 or 0, and feedback is for {@link Refine}. */
export type Reward = boolean | number | { score: boolean | number; feedback?: string | undefined };

/** How often a program is tried on the same inputs, and which try is taken. */
export interface AttemptOptions<P extends Module = Module> {
  /** Tries at most; each is drawn anew. */
  n: number;
  /** How good a try is; it sees no labels, as there are none where a program is used. */
  reward: (inputs: ProgramInputs<P>, outputs: ProgramOutputs<P>) => Reward | Promise<Reward>;
  /** Reward from which a try is taken at once. */
  threshold: number;
  /** Tries that may throw before the error is thrown on. Default `n`: only where all throw. Outages are thrown at once. */
  failCount?: number | undefined;
  /** Temperature of the tries, where a predictor has none of its own. Default 1. */
  temperature?: number | undefined;
}

/** A try that was not good enough, or threw. */
export interface FailedAttempt {
  outputs: Readonly<Record<string, unknown>> | undefined;
  /** Undefined where it threw. */
  reward: number | undefined;
  feedback: string | undefined;
  threshold: number;
}

type Outputs = Readonly<Record<string, unknown>>;

/** Tries until one is good enough. Not a part of a program: `with` copies programs, and refuses functions in them. */
export class Attempts {
  readonly #options: Readonly<{
    n: number;
    reward: (inputs: never, outputs: never) => Reward | Promise<Reward>;
    threshold: number;
    failCount: number;
    temperature: number;
  }>;

  /** Throws ConfigurationError for fewer than one try. */
  constructor({ n, reward, threshold, failCount = n, temperature = 1 }: AttemptOptions<never>) {
    if (!(Number.isInteger(n) && n >= 1)) {
      throw new ConfigurationError(`invalid n: ${n}, expected 1 or more tries`);
    }
    this.#options = { n, reward, threshold, failCount, temperature };
  }

  /**
   * The first outputs whose reward reaches the threshold, else those with the highest; of equals the earlier.
   *
   * @param run - one try, with the settings that draw it anew.
   * @param learn - told of each try that another follows.
   */
  async best(
    inputs: object,
    run: (settings: CallSettings) => Promise<Outputs>,
    learn?: (failed: FailedAttempt) => Promise<void>,
  ): Promise<Outputs> {
    const { n, reward, threshold, failCount, temperature } = this.#options;
    // Where the call itself is drawn anew, its tries must be others than those of the first draw.
    const first = (callSettings().rollout ?? 0) * n;
    let best: { outputs: Outputs; score: number } | undefined;
    let failures = 0;
    let last: unknown;
    for (let attempt = 0; attempt < n; attempt++) {
      let failed: FailedAttempt;
      const tried = await settled(run({ temperature, rollout: first + attempt }));
      if (tried.status === "fulfilled") {
        // What the reward throws is a fault of the reward, and no try is to blame.
        const outputs = tried.value;
        const { score, feedback } = read(await reward(inputs as never, outputs as never));
        if (!best || score > best.score) best = { outputs, score };
        if (score >= threshold) return outputs;
        failed = { outputs, reward: score, feedback, threshold };
      } else {
        last = tried.reason;
        if (isOutage(last) || callSettings().signal?.aborted || ++failures > failCount) throw last;
        failed = { outputs: undefined, reward: undefined, feedback: describeError(last).message, threshold };
      }
      if (attempt < n - 1) await learn?.(failed);
    }
    if (!best) throw last;
    return best.outputs;
  }
}

async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  return (await Promise.allSettled([work]))[0];
}

function read(reward: Reward): { score: number; feedback: string | undefined } {
  const { score, feedback } =
    typeof reward === "object" ? { feedback: undefined, ...reward } : { score: reward, feedback: undefined };
  const number = Number(score);
  if (Number.isNaN(number)) {
    throw new ConfigurationError(
      `invalid reward: ${String(score)}; expected a boolean, a number, or { score, feedback }`,
    );
  }
  return { score: number, feedback };
}
