import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [venv, requirements] = [place("peers/.venv"), place("peers-requirements.txt")];
const python = place(
  process.platform === "win32" ? "peers/.venv/Scripts/python.exe" : "peers/.venv/bin/python",
);

/** Runs a process to its end and gives what it printed; throws where it failed. */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")} failed:\n${stderr}${stdout}`);
  return stdout;
}

/** The numbers that a program of `bench/programs` prints, as a JSON list, in a process of its own. */
export function program(name: string, ...args: (string | number)[]): number[] {
  return JSON.parse(run(process.execPath, [place(`programs/${name}.ts`), ...args.map(String)])) as number[];
}

/** The numbers that DSPy's side of a row prints. */
export function dspy(name: string, ...args: (string | number)[]): number[] {
  const printed = run(peerPython(), [place("programs/dspy_peer.py"), name, ...args.map(String)]);
  return JSON.parse(printed.trim().split("\n").at(-1)!) as number[];
}

/** The Python of the peers, which is set up when it is first asked for or the requirements changed. */
export function peerPython(): string {
  const stamp = place("peers/.venv/.requirements");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  process.stderr.write("bench: installing the peers, once…\n");
  rmSync(venv, { recursive: true, force: true });
  run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
  run(python, ["-m", "pip", "install", "--quiet", "uv==0.13.9"]);
  run(python, ["-m", "uv", "pip", "install", "--quiet", "--python", python, "-r", requirements]);
  writeFileSync(stamp, wanted);
  return python;
}
