import { clip, type Step } from "./trajectory.ts";

/** A text that was shortened keeps about this many characters. */
const stub = 100;

/** How long the steps are in a prompt, in characters. */
export function lengthOf(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, { thought, args, observation }) =>
      sum + thought.length + JSON.stringify(args).length + observation.length,
    0,
  );
}

/**
 * The steps in at most `room` characters: the oldest are shortened first, and once that is not enough left out.
 * The newest is always there, shortened where it must be.
 */
export function shortened(steps: readonly Step[], room: number): readonly Step[] {
  const shown = [...steps];
  for (let index = 0; index < shown.length && lengthOf(shown) > room; index++) {
    shown[index] = shortenStep(shown[index]!);
  }
  while (shown.length > 1 && lengthOf(shown) > room) shown.shift();
  return shown;
}

function shortenStep(step: Step): Step {
  const args = Object.entries(step.args).map(([name, value]) => {
    const text = JSON.stringify(value) ?? "null";
    return [name, text.length > stub ? clip(text, stub) : value] as const;
  });
  return {
    ...step,
    thought: clip(step.thought, stub),
    // As `Object.fromEntries`, which makes even `__proto__` a property of its own.
    args: Object.fromEntries(args.slice(0, 10)),
    observation: clip(step.observation, stub),
  };
}
