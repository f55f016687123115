import type { ProgressState } from "./progress.ts";

/**
 * The pieces of work that run now, and what stays of those that ended. Work that begins while other work runs
 * is a part of it: it is shown while it runs, and leaves no line of its own.
 */
export class ProgressBoard {
  readonly #states = new Map<number, ProgressState>();

  /** Takes a new state, and gives true where it is the end of a piece of work that stands on its own. */
  update(state: ProgressState): boolean {
    const older = [...this.#states.values()].some(({ id, ended }) => id < state.id && !ended);
    if (state.ended && older) {
      this.#states.delete(state.id);
      return false;
    }
    this.#states.set(state.id, state);
    return state.ended;
  }

  /** What is to be seen, oldest first. */
  get states(): readonly ProgressState[] {
    return [...this.#states.values()].sort((a, b) => a.id - b.id);
  }

  /** True where nothing runs. */
  get idle(): boolean {
    return this.states.every(({ ended }) => ended);
  }
}
