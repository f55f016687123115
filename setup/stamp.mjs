import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * One hash over `inputs`, paths under `root`: files, or folders with all files below them. A missing path
 * counts as such. `salt` is what else the outcome depends on.
 */
export function fingerprint(root, inputs, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const input of inputs) {
    for (const file of filesBelow(join(root, input))) {
      hash.update(`\0${relative(root, file).split("\\").join("/")}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex");
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** True where `stamp` was left by a step that ended well on the same inputs. */
export function isCurrent(stamp, hash) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}

/** Leaves the stamp. Only after a step has ended: what was interrupted has none and is made again. */
export function mark(stamp, hash) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}
