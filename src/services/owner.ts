import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "./home.ts";
import { identify, type ProcessIdentity } from "./process.ts";

/**
 * Has `service` end with the process `owner`, also where that is killed and can end nothing itself: a small
 * process watches both.
 */
export function watchOwner(service: ProcessIdentity, owner = ownerOfEnvironment()): void {
  if (owner === undefined) return;
  const built = import.meta.url.endsWith(".js");
  const program = join(packageRoot, built ? "dist/services/owner-watch.js" : "src/services/owner-watch.ts");
  const args = [identify(owner), service].map(({ pid, birth }) => JSON.stringify({ pid, birth }));
  spawn(process.execPath, [program, ...args], { detached: true, stdio: "ignore", windowsHide: true }).unref();
}

function ownerOfEnvironment(): number | undefined {
  const owner = Number(process.env.LMFRAME_SERVICES_OWNER);
  return Number.isSafeInteger(owner) && owner > 0 ? owner : undefined;
}
