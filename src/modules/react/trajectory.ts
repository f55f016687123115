import { display, type Displayable, escapeHtml, type MimeBundle } from "../../core/index.ts";

/** One call of a tool, or a step of which no call could be read. */
export interface Step {
  /** The step it is of, from 1: calls of one step ran side by side. */
  readonly step: number;
  readonly thought: string;
  /** Null where the step could not be read. */
  readonly tool: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  /** What the model saw of the outcome. */
  readonly observation: string;
  /** What went wrong, with the error's name; absent where nothing did. */
  readonly error?: string;
  readonly seconds: number;
}

/** What an agent did, call by call. A list like any other, which shows itself as a table. It cannot be changed. */
export class Trajectory extends Array<Step> implements Displayable {
  // A slice or a map of it is a plain list.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** A table, a call to a row. */
  [display](): MimeBundle {
    const rows = this.map((step) => `<tr>${cells(step).map(cell).join("")}</tr>`).join("");
    const head = ["step", "thought", "tool", "arguments", "observation", "seconds"];
    return {
      "text/html":
        `<table><thead><tr>${head.map((name) => `<th>${name}</th>`).join("")}</tr></thead>` +
        `<tbody>${rows}</tbody></table>`,
      "text/plain": this.map((step) => cells(step).slice(0, -1).join(" | ")).join("\n"),
    };
  }
}

/** The steps as a trajectory, which keeps its own list of them. */
export function trajectoryOfSteps(steps: readonly Step[]): Trajectory {
  const list = new Trajectory();
  for (const step of steps) list.push(Object.freeze(step));
  return Object.freeze(list);
}

function cells({ step, thought, tool, args, observation, seconds }: Step): string[] {
  return [
    String(step),
    clip(thought, 500),
    tool ?? "(unreadable)",
    tool === null ? "" : clip(JSON.stringify(args), 500),
    clip(observation, 500),
    seconds.toFixed(2),
  ];
}

function cell(text: string): string {
  return `<td style="text-align:left;vertical-align:top;white-space:pre-wrap">${escapeHtml(text)}</td>`;
}

/** `text` in at most about `length` characters: its start and its end, and how much is missing between. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.ceil((length * 2) / 3);
  const start = text.slice(0, head).replace(/[\ud800-\udbff]$/, "");
  const end = text.slice(text.length - (length - head)).replace(/^[\udc00-\udfff]/, "");
  return `${start} [… ${text.length - start.length - end.length} characters left out …] ${end}`;
}

const trajectories = new WeakMap<object, Trajectory>();

/** Notes what had been done when `error` ended a run. */
export function keepTrajectory(error: unknown, trajectory: Trajectory): void {
  if (typeof error === "object" && error !== null) trajectories.set(error, trajectory);
}

/** All that an agent had done when `error` ended its run; undefined where no agent threw it. */
export function trajectoryOf(error: unknown): Trajectory | undefined {
  return typeof error === "object" && error !== null ? trajectories.get(error) : undefined;
}
