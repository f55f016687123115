import { format } from "node:util";
import { display, type Displayable, type MimeBundle } from "../core/display.ts";
import { DataError } from "../core/errors.ts";
import { type FrameLike, isFrame } from "../data/danfo.ts";
import { Dataset } from "../data/dataset.ts";

/**
 * What a notebook shows of a cell's last value: its own bundle where it has one, a table for a danfojs
 * DataFrame, else the text that `console.log` would print.
 */
export async function presentation(value: unknown): Promise<MimeBundle> {
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    if (showsItself(value)) return await value[display]();
    const table = isFrame(value) ? tableOf(value) : undefined;
    if (table) return table[display]();
  }
  return { "text/plain": format(value) };
}

function showsItself(value: object): value is { [display](): MimeBundle | Promise<MimeBundle> } {
  return typeof Reflect.get(value, display) === "function";
}

/** Undefined for a Series, which has the shape of a frame, and for columns that mix types. */
function tableOf(frame: FrameLike): Displayable | undefined {
  if (Reflect.get(frame, "$isSeries") === true) return undefined;
  try {
    return Dataset.from(frame);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}
