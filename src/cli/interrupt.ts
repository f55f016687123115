import { LmframeError } from "../core/index.ts";
import { note } from "./output.ts";

/** Ctrl-C ended the work. */
export class Interrupted extends LmframeError {
  // What is aborted says nothing of a program, and is told from its faults by this name.
  override name = "AbortError";
}

/**
 * Does work that Ctrl-C stops: once, and what is under way is given up; twice, and the process ends on the spot.
 * `remains` says what is kept, and how to go on.
 */
export async function interruptible<T>(
  remains: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    note("stopping");
    controller.abort(new Interrupted(`stopped. ${remains}`));
  };
  process.once("SIGINT", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
  }
}
