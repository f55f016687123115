import { createHash } from "node:crypto";

/** Longest name of a metric, parameter or tag that MLflow takes. */
const longest = 250;

/**
 * `name` as MLflow takes it for a metric, parameter or tag: letters and digits of any script, `_ . - : /` and
 * blank, no empty or dotted segment, at most 250 characters. A name that had to change ends in six hexadecimal
 * digits of the original's hash, so that two different names never become one.
 */
export function entryName(name: string): string {
  const clean = name
    .replace(/[^\p{L}\p{N}_.\-: /]/gu, "_")
    .split("/")
    .map((segment) => (segment === "" || segment === "." || segment === ".." ? "_" : segment))
    .join("/");
  if (clean === name && name.length <= longest) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${clean.slice(0, longest - 7)}-${hash}`;
}
