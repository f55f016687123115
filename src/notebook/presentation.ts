import { format } from "node:util";
import { display, type MimeBundle } from "../core/display.ts";

/**
 * What a notebook shows of a cell's last value: its own bundle where it has one, else the text that
 * `console.log` would print.
 */
export async function presentation(value: unknown): Promise<MimeBundle> {
  if (typeof value === "object" || typeof value === "function") {
    const show: unknown = value === null ? undefined : Reflect.get(value, display);
    if (typeof show === "function") return (await Reflect.apply(show, value, [])) as MimeBundle;
  }
  return { "text/plain": typeof value === "string" ? value : format(value) };
}
