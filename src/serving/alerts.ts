import { redact } from "../core/index.ts";
import type { PerformanceFigures } from "./performance-tally.ts";

/** What an alert is told of: the newest windows together, and all that are remembered before them. */
export interface Watched {
  readonly recent: PerformanceFigures;
  readonly before: PerformanceFigures;
}

/** Something that should not be. */
export interface AlertRule {
  readonly name: string;
  /** What is wrong, in a sentence; undefined where nothing is. */
  check(watched: Watched): string | undefined;
}

/** An alert that began, or ended. */
export interface Alert {
  readonly rule: string;
  readonly state: "firing" | "resolved";
  readonly message: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Takes alerts somewhere. What it throws is reported as a warning. */
export type AlertSink = (alert: Alert) => void | Promise<void>;

/** Calls from which on a share or a mean says something. */
const enough = 20;

/** Fires where less than `share` of the recent calls went well, of 20 or more. */
export function successBelow(share: number): AlertRule {
  return {
    name: "success rate",
    check: ({ recent: { calls, successRate } }) =>
      calls >= enough && successRate < share
        ? `${percent(successRate)} of ${calls} calls went well; expected ${percent(share)} or more`
        : undefined,
  };
}

/** Fires where one in twenty of the recent calls took longer than `seconds`, of 20 or more. */
export function slowerThan(seconds: number): AlertRule {
  return {
    name: "latency",
    check: ({ recent }) =>
      recent.calls >= enough && recent.seconds.p95 > seconds
        ? `5 % of ${recent.calls} calls took longer than ${recent.seconds.p95.toPrecision(2)} s; expected ${seconds} s at most`
        : undefined,
  };
}

/** Fires where the mean score of recent feedback, of 5 or more, is below `score`. */
export function scoreBelow(score: number): AlertRule {
  return {
    name: "score",
    check: ({ recent }) =>
      recent.score.count >= 5 && recent.score.mean < score
        ? `the mean of ${recent.score.count} ratings is ${recent.score.mean.toFixed(2)}; expected ${score} or more`
        : undefined,
  };
}

/**
 * Fires where recent calls differ from those before: fail more often by more than chance (two-proportion z above 4), or
 * have a median of more than twice the one before.
 */
export function drifted(): AlertRule {
  return {
    name: "drift",
    check: ({ recent, before }) => {
      if (recent.calls < enough || before.calls < enough) return undefined;
      const pooled = (recent.failed + before.failed) / (recent.calls + before.calls);
      const spread = Math.sqrt(pooled * (1 - pooled) * (1 / recent.calls + 1 / before.calls));
      const change = before.successRate - recent.successRate;
      if (spread > 0 && change / spread > 4)
        return `${percent(recent.successRate)} of calls went well, of those before ${percent(before.successRate)}`;
      const ratio = recent.seconds.p50 / before.seconds.p50;
      return ratio > 2 ? `calls take ${ratio.toFixed(1)} times as long as before` : undefined;
    },
  };
}

/** Writes alerts to standard error. */
export function logAlert({ rule, state, message }: Alert): void {
  process.stderr.write(`lmframe: alert ${state}: ${rule}: ${redact(message)}\n`);
}

/** Posts each alert as JSON to an address, within ten seconds. */
export function webhook(address: string): AlertSink {
  return async (alert) => {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alert),
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    // The address itself is often the secret, and is not repeated.
    if (!response?.ok)
      throw new Error(`the webhook did not take the alert (${response?.status ?? "no answer"})`);
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
