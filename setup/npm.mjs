import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture, outsideEnvironment, run } from "./run.mjs";

/** What `node_modules` is made of. */
export const npmInputs = ["package-lock.json"];

/** Node of the version the packages want, whatever runs this set-up. */
export function nodeOf(root) {
  return join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** Installs what the lock file says. Warnings of engines and deprecations speak of the machine's own Node. */
export async function installPackages(root) {
  if (await agreesWithLock(root)) return;
  await run(
    "npm",
    ["ci", "--loglevel=error", "--no-fund", "--no-audit", "--no-progress", "--engine-strict=false"],
    {
      cwd: root,
      // onnxruntime's install script would fetch what only a graphics card needs; an npm without allowScripts runs it.
      env: { ...outsideEnvironment(), ONNXRUNTIME_NODE_INSTALL: "skip" },
    },
  );
}

/**
 * True where `npm install` by hand already made what the lock file says: npm leaves a copy of the lock in
 * `node_modules` when it has ended.
 */
async function agreesWithLock(root) {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed) || (await capture(nodeOf(root), ["--version"])).code !== 0) return false;
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  const wanted = Object.entries(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages);
  return wanted.every(([path, { integrity, optional, devOptional }]) => {
    return path === "" || optional || devOptional || have[path]?.integrity === integrity;
  });
}
