import { readFileSync } from "node:fs";

const windows = process.platform === "win32";

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of its system; undefined where the system does not tell (Windows). */
  readonly birth?: string | undefined;
}

/** The identity of the process that has the number `pid` now. */
export function identify(pid: number): ProcessIdentity {
  return { pid, birth: birthOf(pid) };
}

/** True while that very process runs. */
export function isAlive({ pid, birth }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return birth === undefined ? windows : birthOf(pid) === birth;
}

/**
 * When a process started, in the words of its system; undefined for one that has ended, also where nobody has
 * collected it yet (a zombie).
 */
export function birthOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // The name, second, is in brackets and may hold anything; state and start time are 1st and 20th after it.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    }
    if (windows) return undefined;
    // On use: most of what imports this needs it never, and it takes 4 ms to load.
    const { execFileSync } = process.getBuiltinModule("node:child_process");
    const [state, ...start] = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
    })
      .trim()
      .split(/\s+/);
    return state?.startsWith("Z") ? undefined : start.join(" ");
  } catch {
    return undefined;
  }
}
