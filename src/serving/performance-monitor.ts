import {
  describeError,
  display,
  type Displayable,
  escapeHtml,
  listen,
  type Listener,
  type MetricPoint,
  type MimeBundle,
  redact,
  type RunRecord,
  type Span,
  type Trackable,
} from "../core/index.ts";
import { type Alert, type AlertRule, type AlertSink, logAlert, type Watched } from "./alerts.ts";
import { metricsOf } from "./performance-metrics.ts";
import { type PerformanceFigures, PerformanceTally } from "./performance-tally.ts";

/** Options of {@link PerformanceMonitor}. */
export interface PerformanceMonitorOptions {
  /** Seconds of one window. Default 60. */
  windowSeconds?: number | undefined;
  /** Windows remembered. Default 60. */
  windows?: number | undefined;
  /** What is looked for whenever a window has passed. Default: nothing. */
  alerts?: readonly AlertRule[] | undefined;
  /** Windows that alerts take for recent. Default 5. */
  recentWindows?: number | undefined;
  /** Where alerts go. Default: the log. */
  tell?: readonly AlertSink[] | undefined;
  /** Milliseconds since the epoch. Default `Date.now`. */
  now?: (() => number) | undefined;
}

/** One window of the past. */
export interface PerformanceWindow extends PerformanceFigures {
  /** When it began: milliseconds since the epoch. */
  readonly startedAt: number;
  /** False for the one under way. */
  readonly ended: boolean;
}

interface Slot {
  /** Which window since the epoch it holds. */
  number: number;
  readonly tally: PerformanceTally;
}

/**
 * Watches every program of the process: durations, success, errors by kind, tokens, cost, and scores from feedback, in
 * all and by window, in constant memory however many calls there are. A call counts once, however many modules it is
 * made of.
 *
 * ```ts
 * const monitor = new PerformanceMonitor({ alerts: [successBelow(0.95), slowerThan(5)] });
 * const stop = monitor.watch();
 * await program.call({ question: "…" });
 * monitor.totals().successRate;
 * ```
 */
export class PerformanceMonitor implements Listener, Displayable, Trackable {
  readonly windowSeconds: number;
  readonly #slots: Slot[];
  readonly #total = new PerformanceTally();
  readonly #rules: readonly AlertRule[];
  readonly #recent: number;
  readonly #sinks: readonly AlertSink[];
  readonly #now: () => number;
  readonly #firing = new Map<string, string>();
  readonly #startedAt: number;
  #checked: number;

  constructor(options: PerformanceMonitorOptions = {}) {
    const { windowSeconds = 60, windows = 60, alerts = [], recentWindows = 5 } = options;
    this.windowSeconds = windowSeconds;
    this.#slots = Array.from({ length: windows }, () => ({ number: -1, tally: new PerformanceTally() }));
    this.#rules = alerts;
    this.#recent = recentWindows;
    this.#sinks = options.tell ?? [logAlert];
    this.#now = options.now ?? Date.now;
    this.#startedAt = this.#now();
    this.#checked = this.#window();
  }

  /** Listens from now on; the function it gives ends that. */
  watch(): () => void {
    return listen(this, ["module", "model"]);
  }

  /** Counts a call that ended; what an optimizer calls is nobody's request. */
  end(span: Span): void {
    if (within(span, "optimizer")) return;
    if (span.kind === "model") return this.#model(span);
    if (within(span, "module")) return;
    const seconds = ((span.endedAt ?? span.startedAt) - span.startedAt) / 1000;
    const error = "error" in span ? describeError(span.error).name : undefined;
    this.#count((tally) => tally.call(seconds, error));
  }

  /** Counts a score from feedback, on whatever scale the ratings are. */
  score(value: number): void {
    this.#count((tally) => tally.score(value));
  }

  /** Since the monitor was made. */
  totals(): PerformanceFigures {
    return this.#total.figures();
  }

  /** The newest windows together, the one under way among them. Default: all that are remembered. */
  recent(windows: number = this.#slots.length): PerformanceFigures {
    const now = this.#window();
    return this.#between(now - windows + 1, now);
  }

  /** The windows in which anything was called, oldest first. */
  windows(): PerformanceWindow[] {
    const now = this.#window();
    return this.#slots
      .filter(({ number }) => number > now - this.#slots.length)
      .sort((a, b) => a.number - b.number)
      .map(({ number, tally }) => ({
        startedAt: number * this.windowSeconds * 1000,
        ended: number < now,
        ...tally.figures(),
      }));
  }

  /** What is wrong now, by the name of the rule. */
  get firing(): ReadonlyMap<string, string> {
    return this.#firing;
  }

  /** Checks the rules. Done by itself with the first call of a new window; a server does it on a timer too. */
  check(): void {
    const now = this.#window();
    const begin = now - this.#recent + 1;
    const watched: Watched = {
      recent: this.#between(begin, now),
      before: this.#between(now - this.#slots.length + 1, begin - 1),
    };
    for (const rule of this.#rules) {
      const message = rule.check(watched);
      const was = this.#firing.get(rule.name);
      if (message !== undefined) this.#firing.set(rule.name, message);
      else this.#firing.delete(rule.name);
      if (message !== undefined && was === undefined) this.#tell(rule.name, "firing", message);
      if (message === undefined && was !== undefined) this.#tell(rule.name, "resolved", was);
    }
  }

  /** What MLflow keeps: the totals, and the figures of each window over time. */
  toRun(): RunRecord {
    const series: Record<string, MetricPoint[]> = {};
    for (const [step, { startedAt, ended: _, ...figures }] of this.windows().entries())
      for (const [name, value] of Object.entries(metricsOf(figures, "window_")))
        (series[name] ??= []).push({ value, step, timestamp: startedAt });
    const totals = this.totals();
    return {
      name: "monitoring",
      tags: { "lmframe.kind": "monitoring" },
      metrics: { ...metricsOf(totals), ...series },
      tables: { errors: Object.entries(totals.errors).map(([error, count]) => ({ error, count })) },
      startedAt: this.#startedAt,
      endedAt: this.#now(),
    };
  }

  [display](): MimeBundle {
    const rows = figureRows(this.totals(), this.recent());
    const html = rows
      .map(
        ([name, all, recent]) =>
          `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(all)}</td><td>${escapeHtml(recent)}</td></tr>`,
      )
      .join("");
    const span = `last ${Math.round((this.windowSeconds * this.#slots.length) / 60)} min`;
    return {
      "text/html": `${callBars(this.windows())}<table><thead><tr><th></th><th>in all</th><th>${span}</th></tr></thead><tbody>${html}</tbody></table>`,
      "text/plain": rows.map(([name, all, recent]) => `${name}: ${all} (${span}: ${recent})`).join("\n"),
    };
  }

  #model(span: Span): void {
    const { usage, cost, cached } = span.attributes as {
      usage?: { inputTokens: number; outputTokens: number };
      cost?: number | null;
      cached?: boolean;
    };
    if (!usage || cached) return;
    this.#count((tally) => tally.tokens(usage.inputTokens, usage.outputTokens, cost ?? null));
  }

  #count(add: (tally: PerformanceTally) => void): void {
    const number = this.#window();
    if (number > this.#checked) {
      this.#checked = number;
      this.check();
    }
    const slot = this.#slots[number % this.#slots.length]!;
    if (slot.number !== number) {
      slot.number = number;
      slot.tally.clear();
    }
    add(slot.tally);
    add(this.#total);
  }

  #window(): number {
    return Math.floor(this.#now() / 1000 / this.windowSeconds);
  }

  #between(first: number, last: number): PerformanceFigures {
    const sum = new PerformanceTally();
    for (const { number, tally } of this.#slots) if (number >= first && number <= last) sum.merge(tally);
    return sum.figures();
  }

  #tell(rule: string, state: Alert["state"], message: string): void {
    const alert: Alert = { rule, state, message, time: new Date(this.#now()).toISOString() };
    for (const sink of this.#sinks) {
      // Within a promise, so that one sink that throws keeps no other from hearing.
      void Promise.resolve(alert)
        .then(sink)
        .catch((error: unknown) =>
          process.emitWarning(`an alert could not be told: ${redact(describeError(error).message)}`),
        );
    }
  }
}

/** Calls of the last windows as bars, failed ones in another colour; static, so it reads wherever it is opened. */
function callBars(windows: readonly PerformanceWindow[]): string {
  const shown = windows.slice(-60);
  const most = Math.max(1, ...shown.map(({ calls }) => calls));
  const bar = (place: number, count: number, colour: string) =>
    `<rect x="${place * 6}" y="${(40 * (1 - count / most)).toFixed(1)}" width="5" height="${((40 * count) / most).toFixed(1)}" fill="${colour}"/>`;
  const bars = shown.map(
    ({ calls, failed }, place) => bar(place, calls, "#4c78a8") + bar(place, failed, "#c62828"),
  );
  return shown.length === 0
    ? ""
    : `<svg role="img" aria-label="calls in each of the last ${shown.length} windows, failed ones in red" width="${shown.length * 6}" height="40">${bars.join("")}</svg>`;
}

function within(span: Span, kind: Span["kind"]): boolean {
  for (let outer = span.parent; outer; outer = outer.parent) if (outer.kind === kind) return true;
  return false;
}

/** Names of figures with both columns of values, as a person reads them. */
export function figureRows(all: PerformanceFigures, recent: PerformanceFigures): [string, string, string][] {
  const row = (name: string, read: (figures: PerformanceFigures) => string): [string, string, string] => [
    name,
    read(all),
    read(recent),
  ];
  const number = (value: number, digits: number) => (Number.isFinite(value) ? value.toFixed(digits) : "-");
  return [
    row("calls", ({ calls }) => String(calls)),
    row("went well", ({ successRate }) =>
      Number.isNaN(successRate) ? "-" : `${(100 * successRate).toFixed(1)} %`,
    ),
    row(
      "errors",
      ({ errors }) =>
        Object.entries(errors)
          .map(([kind, count]) => `${kind} ${count}`)
          .join(", ") || "none",
    ),
    row("median", ({ seconds }) => `${number(seconds.p50, 3)} s`),
    row("95th percentile", ({ seconds }) => `${number(seconds.p95, 3)} s`),
    row("tokens in, out", ({ tokens }) => `${tokens.input}, ${tokens.output}`),
    row("cost", ({ cost }) => (cost === null ? "not known" : `$${cost.toFixed(4)}`)),
    row("rating", ({ score }) => (score.count === 0 ? "-" : `${score.mean.toFixed(2)} of ${score.count}`)),
  ];
}
