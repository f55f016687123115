import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const services = fileURLToPath(new URL("../../src/services/", import.meta.url));

/** Starts a fresh Node that runs `code`, a module; `$services` in it stands for the folder of that room. */
export function startProcess(code: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "-e",
      code.replaceAll("$services/", services),
    ],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`ended with ${code}: ${errors}`));
    });
  });
  return { child, ended };
}

/** Runs `code` in a fresh Node to its end and gives what it printed, read as JSON. */
export async function inSecondProcess<T>(code: string, env?: NodeJS.ProcessEnv): Promise<T> {
  return JSON.parse(await startProcess(code, env).ended) as T;
}
