import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A path within `bench/`. */
export const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const windows = process.platform === "win32";
const read = (path: string) => readFileSync(place(path), "utf8");
const locked = JSON.parse(read("peers/package.json")) as { dependencies: Record<string, string> };
const version = (name: string) => locked.dependencies[name]!;

/** The peers as the table names them, with the versions that are installed. */
export const names = {
  dspy: `DSPy ${/dspy==(.*)/.exec(read("peers/requirements.txt"))![1]!}`,
  ax: `ax ${version("@ax-llm/ax")}`,
  langchain: `LangChain.js ${version("@langchain/core")}`,
  openai: `openai ${version("openai")} alone`,
  baml: `BAML ${version("@boundaryml/baml")}`,
  arquero: `arquero ${version("arquero")}`,
  danfojs: `danfojs ${version("danfojs")}`,
} as const;

/** A process took longer than it was given. */
export class TookTooLong extends Error {}

/**
 * Runs a process to its end, with variables beside those of the environment, and gives what it printed; throws where
 * it failed or took longer than `seconds`.
 */
export function run(
  command: string,
  args: readonly string[],
  { seconds, env }: { seconds?: number; env?: Readonly<Record<string, string>> } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, ...env },
    ...(seconds !== undefined && { timeout: seconds * 1000 }),
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") throw new TookTooLong(command);
  if (status !== 0)
    throw error ?? new Error(`${command} ${args.join(" ")} failed:\n${`${stdout}${stderr}`.slice(-4000)}`);
  return stdout;
}

/** The numbers in the last line of what was printed: peers greet and warn before it. */
function numbers(printed: string): number[] {
  return JSON.parse(printed.trim().split("\n").at(-1)!) as number[];
}

/** The numbers that a program of `bench/programs` prints, as a JSON list, in a process of its own. */
export function program(name: string, ...args: (string | number)[]): number[] {
  return numbers(run(process.execPath, [place(`programs/${name}.ts`), ...args.map(String)]));
}

/** The numbers that a JavaScript peer prints for a row: `peers/<peer>.mjs`. */
export function javascriptPeer(peer: string, row: string, ...args: (string | number)[]): number[] {
  return numbers(run(process.execPath, peerCommand(peer, row, args)));
}

/** The same in milliseconds; where the peer is not ready after so many seconds, that long. */
export function withinSeconds(
  seconds: number,
  peer: string,
  row: string,
  ...args: (string | number)[]
): number[] {
  try {
    return numbers(run(process.execPath, peerCommand(peer, row, args), { seconds }));
  } catch (error) {
    if (error instanceof TookTooLong) return [seconds * 1000];
    throw error;
  }
}

function peerCommand(peer: string, row: string, args: readonly (string | number)[]): string[] {
  installJavascriptPeers();
  return [place(`peers/${peer}.mjs`), row, ...args.map(String)];
}

/** The numbers that DSPy's side of a row prints. */
export function dspy(row: string, ...args: (string | number)[]): number[] {
  return numbers(run(peerPython(), [place("peers/dspy_peer.py"), row, ...args.map(String)]));
}

/** The numbers that DSPy's side prints where it is a program of `bench/programs`. */
export function dspyProgram(
  name: string,
  args: readonly (string | number)[],
  env: Readonly<Record<string, string>>,
): number[] {
  return numbers(run(peerPython(), [place(`programs/${name}.py`), ...args.map(String)], { env }));
}

/** A program of `bench/programs` that goes on until `use` has ended, and begins with a line: its address. */
export function beside<T>(
  name: string,
  args: readonly (string | number)[],
  use: (address: string) => T | Promise<T>,
): Promise<T> {
  return besideProcess(process.execPath, [place(`programs/${name}.ts`), ...args.map(String)], use);
}

/** Any process of that kind. It ends with its standard input. */
export async function besideProcess<T>(
  command: string,
  args: readonly string[],
  use: (address: string) => T | Promise<T>,
): Promise<T> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (told = (told + piece).slice(-4000)));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("http://")) return await use(line);
    }
    throw new Error(`${command} ${args.join(" ")} ended before it told its address:\n${told}`);
  } finally {
    child.stdin.end();
  }
}

/** Where the JavaScript peers are, which are installed when they are first asked for or their lock changed. */
export function installJavascriptPeers(): void {
  const folder = place("peers");
  once("peers/node_modules/.lock", read("peers/package-lock.json"), () => {
    // Not `ci`, which wants the packages of all platforms in the lock: one peer published them for some alone.
    const npm = ["install", "--ignore-scripts", "--prefix", folder];
    run(windows ? "npm.cmd" : "npm", npm);
  });
}

/** The Python of the peers; of others than DSPy, where `extra` names their requirements: `peers/<extra>.txt`. */
export function peerPython(extra?: string): string {
  const venv = extra === undefined ? "peers/.venv" : `peers/.venv-${extra}`;
  const python = place(`${venv}/${windows ? "Scripts/python.exe" : "bin/python"}`);
  const requirements = `peers/${extra ?? "requirements"}.txt`;
  once(`${venv}/.requirements`, read(requirements), () => {
    rmSync(place(venv), { recursive: true, force: true });
    run(windows ? "python" : "python3", ["-m", "venv", place(venv)]);
    const wanted = ["--quiet", "-r", place(requirements)];
    try {
      run(python, ["-m", "pip", "install", "--quiet", "uv==0.13.9"]);
      run(python, ["-m", "uv", "pip", "install", "--python", python, ...wanted]);
    } catch {
      // Where uv does not reach the registry, or is not for this platform, pip takes its time.
      run(python, ["-m", "pip", "install", ...wanted]);
    }
  });
  return python;
}

/** Installs unless `stamp` holds what is wanted. */
function once(stamp: string, wanted: string, install: () => void): void {
  if (existsSync(place(stamp)) && read(stamp) === wanted) return;
  process.stderr.write("bench: installing the peers, once…\n");
  install();
  writeFileSync(place(stamp), wanted);
}
