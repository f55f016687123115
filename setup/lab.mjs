// Opens JupyterLab with the kernel "TypeScript (lmframe)": npm run lab [-- --no-browser --port 8890 ...]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { jupyter, root } from "./jupyter.mjs";
import { Problem } from "./problem.mjs";

function lab() {
  const { python, env } = jupyter();
  const child = spawn(
    python,
    [
      "-m",
      "jupyterlab",
      "--ServerApp.ip=127.0.0.1",
      `--ServerApp.root_dir=${root}`,
      "--LabApp.default_url=/lab/tree/notebooks",
      // Neither news nor a newer version is asked for over the network, nor is the reader asked about them.
      `--LabApp.app_settings_dir=${join(root, "jupyter", "settings")}`,
      "--LabApp.news_url=None",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      ...process.argv.slice(2),
    ],
    // By the environment and not by an argument, which everybody on the machine could read.
    {
      env: { ...env, JUPYTER_TOKEN: env.JUPYTER_TOKEN || randomBytes(24).toString("hex") },
      stdio: "inherit",
    },
  );
  // Ctrl+C reaches JupyterLab too, and it asks whether to stop: this process waits for its answer.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`JupyterLab did not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

try {
  lab();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
