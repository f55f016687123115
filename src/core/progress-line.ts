import { type ProgressState, secondsLeft } from "./progress.ts";

/** A state in one line of text, with what it says of time apart: those words differ from run to run. */
export interface ProgressLine {
  readonly label: string;
  /** `12/40`, or `12` where the total is unknown. */
  readonly count: string;
  /** `best 0.81`, one for each fact. */
  readonly facts: readonly string[];
  /** While it runs `3.1/s` and `9 s left`; once it ended `in 13 s`. */
  readonly times: readonly string[];
}

/** Puts a state into words. Labels and facts may hold what a model wrote: control characters become spaces. */
export function progressLine(state: ProgressState, at: number = Date.now()): ProgressLine {
  const { done, total, ended } = state;
  const seconds = Math.max(0, at - state.startedAt) / 1000;
  const left = secondsLeft(state, at);
  const times: string[] = [];
  if (ended) times.push(`in ${duration(seconds)}`);
  else {
    if (done > 0 && seconds > 0) times.push(rate(done / seconds));
    if (left !== undefined) times.push(`${duration(left)} left`);
  }
  return {
    label: plain(state.label),
    count: total === undefined ? String(done) : `${done}/${total}`,
    facts: Object.entries(state.facts).map(([name, value]) => plain(`${name} ${figure(value)}`)),
    times,
  };
}

/** Seconds as a person says them: `0.4 s`, `38 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  return joined(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function rate(perSecond: number): string {
  return perSecond >= 1
    ? `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`
    : `${(perSecond * 60).toFixed(1)}/min`;
}

function figure(value: string | number): string {
  return typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);
}

function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
