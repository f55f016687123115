import { hearLive } from "../core/live.ts";
import type { LiveDisplay } from "./progress.ts";

/**
 * Shows what is shown live in the cell that began it, each state in place of the one before.
 *
 * @param newDisplay opens a place in the output of the cell that runs.
 * @returns a function that stops it.
 */
export function cellLive(newDisplay: () => LiveDisplay): () => void {
  const places = new Map<string, LiveDisplay>();
  return hearLive(({ id, bundle }) => {
    let show = places.get(id);
    if (!show) places.set(id, (show = newDisplay()));
    show(bundle);
  });
}
