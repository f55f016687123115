import type { Admission } from "./admission.ts";
import type { PerformanceFigures } from "./performance-tally.ts";
import type { RobustCounts } from "./robust-pipeline.ts";

/** Bounds of the duration histogram, in seconds: Prometheus' own. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

interface Durations {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** Counts requests by route and status, and how long they took, in the text format of Prometheus (version 0.0.4). */
export class RequestCounters {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Durations>();

  /** Counts a request. `route` is the pattern it matched, of which there are few. */
  add(route: string, status: number, seconds: number): void {
    const labels = `route="${route}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    let durations = this.#durations.get(route);
    if (!durations)
      this.#durations.set(route, (durations = { buckets: bounds.map(() => 0), sum: 0, count: 0 }));
    durations.count++;
    durations.sum += seconds;
    for (const [place, bound] of bounds.entries()) if (seconds <= bound) durations.buckets[place]!++;
  }

  /** All that Prometheus is told. Chains of programs, and the programs of each, are numbered from 0. */
  text(admission: Admission, program: PerformanceFigures, chains: readonly RobustCounts[]): string {
    const lines: string[] = [];
    const metric = (name: string, type: string, help: string, samples: readonly string[]) =>
      lines.push(
        `# HELP lmframe_${name} ${help}`,
        `# TYPE lmframe_${name} ${type}`,
        ...samples.map((sample) => `lmframe_${sample}`),
      );
    const single = (name: string, type: "counter" | "gauge", help: string, value: number) =>
      metric(name, type, help, [`${name} ${value}`]);
    metric("http_requests_total", "counter", "Requests answered.",
      [...this.#requests].map(([labels, count]) => `http_requests_total{${labels}} ${count}`)); // prettier-ignore
    metric("http_request_duration_seconds", "histogram", "Time until a request was answered, its stream included.",
      [...this.#durations].flatMap(([route, durations]) => histogram(route, durations))); // prettier-ignore
    single("requests_running", "gauge", "Requests at work.", admission.running);
    single("requests_waiting", "gauge", "Requests that wait for their turn.", admission.waiting);
    single("program_calls_total", "counter", "Calls of programs.", program.calls);
    metric("program_errors_total", "counter", "Calls of programs that failed, by error.",
      Object.entries(program.errors).map(([kind, count]) => `program_errors_total{kind="${label(kind)}"} ${count}`)); // prettier-ignore
    single("model_input_tokens_total", "counter", "Tokens that models took in.", program.tokens.input);
    single("model_output_tokens_total", "counter", "Tokens that models gave.", program.tokens.output);
    if (program.cost !== null)
      single("model_cost_dollars_total", "counter", "What models cost, in US dollars.", program.cost);
    if (chains.length > 0) {
      metric("chain_answered_total", "counter", "Calls that each program of a chain answered.",
        chains.flatMap(({ answered }, chain) =>
          answered.map((count, place) => `chain_answered_total{chain="${chain}",program="${place}"} ${count}`))); // prettier-ignore
      metric("chain_unanswered_total", "counter", "Calls that no program of a chain answered.",
        chains.map(({ unanswered }, chain) => `chain_unanswered_total{chain="${chain}"} ${unanswered}`)); // prettier-ignore
      metric("chain_fallbacks_total", "counter", "Programs of a chain that were passed over, by reason.",
        chains.flatMap(({ fallbacks }, chain) =>
          Object.entries(fallbacks).map(([reason, count]) => `chain_fallbacks_total{chain="${chain}",reason="${reason}"} ${count}`))); // prettier-ignore
    }
    single("process_resident_memory_bytes", "gauge", "Memory of the process.", process.memoryUsage.rss());
    return `${lines.join("\n")}\n`;
  }
}

function histogram(route: string, { buckets, sum, count }: Durations): string[] {
  const name = "http_request_duration_seconds";
  return [
    ...bounds.map((bound, place) => `${name}_bucket{route="${route}",le="${bound}"} ${buckets[place]}`),
    `${name}_bucket{route="${route}",le="+Inf"} ${count}`,
    `${name}_sum{route="${route}"} ${sum}`,
    `${name}_count{route="${route}"} ${count}`,
  ];
}

function label(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
