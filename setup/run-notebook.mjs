// Runs notebooks without a browser; see python/run_notebook.py for what it takes.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { jupyter, root } from "./jupyter.mjs";
import { Problem } from "./problem.mjs";

try {
  const { python, env } = jupyter();
  const child = spawn(python, [join(root, "python", "run_notebook.py"), ...process.argv.slice(2)], {
    env,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
