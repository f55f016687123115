import { spawn } from "node:child_process";
import { own } from "./own-package.ts";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/**
 * Has `service` end with the process `owner`, also where that is killed and can end nothing itself: a small
 * process watches both.
 */
export function watchOwner(service: ProcessIdentity, owner = ownerOfEnvironment()): void {
  if (owner === undefined) return;
  const args = [identify(owner), service].map(({ pid, birth }) => JSON.stringify({ pid, birth }));
  spawn(process.execPath, [own("services/owner-watch"), ...args], {
    detached: true,
    stdio: "ignore",
    windowsHide: true,
  }).unref();
}

function ownerOfEnvironment(): number | undefined {
  const owner = Number(process.env.LMFRAME_SERVICES_OWNER);
  return Number.isSafeInteger(owner) && owner > 0 ? owner : undefined;
}
