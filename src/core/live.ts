import { randomUUID } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { display, type Displayable, type MimeBundle } from "./display.ts";

/** Options of {@link showLive}. */
export interface LiveOptions {
  /** Seconds between two looks. Default 2. */
  seconds?: number | undefined;
}

/** What a value shows of itself now. */
export interface LiveState {
  /** The same for all states of one place. */
  readonly id: string;
  readonly bundle: MimeBundle;
}

// A channel, so that a notebook hears of what another copy of the package shows.
const updates = channel("lmframe:live");

/**
 * Shows a value in the cell that runs, and again in its place as it changes: a monitor, a program that improves itself.
 * Outside a notebook nothing is shown.
 *
 * ```ts
 * const stop = showLive(monitor);
 * ```
 *
 * @returns what ends it; what is shown then stays.
 */
export function showLive(value: Displayable, options: LiveOptions = {}): () => void {
  const { seconds = 2 } = options;
  const id = randomUUID();
  let shown: string | undefined;
  const show = () => {
    if (!updates.hasSubscribers) return;
    const bundle = value[display]();
    const text = JSON.stringify(bundle);
    if (text === shown) return;
    shown = text;
    updates.publish({ id, bundle } satisfies LiveState);
  };
  show();
  const timer = setInterval(show, seconds * 1000).unref();
  return () => {
    clearInterval(timer);
    show();
  };
}

/** Hears of what is shown live, until the function it gives back is called. */
export function hearLive(show: (state: LiveState) => void): () => void {
  const hear = (message: unknown) => show(message as LiveState);
  updates.subscribe(hear);
  return () => {
    updates.unsubscribe(hear);
  };
}
