import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { Problem } from "./problem.mjs";

const windows = process.platform === "win32";

/**
 * The environment without `node_modules/.bin` on its path. npm puts that there for scripts; a step that
 * replaces `node_modules` must not stand on what it removes.
 */
export function outsideEnvironment(env = process.env) {
  const key = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const path = (env[key] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.endsWith(join("node_modules", ".bin")));
  return { ...env, [key]: path.join(delimiter) };
}

/** Runs a program in silence and gives all it wrote; where it fails, `code` is not 0. */
export function capture(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve) => {
    let output = "";
    // npm is a .cmd file on Windows, which only a shell starts; all arguments here are our own words.
    const child = spawn(command, args, {
      cwd,
      env,
      shell: windows && command === "npm",
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\n${signal}` : output }),
    );
  });
}

/** {@link capture}, or a problem that shows the end of what the program wrote. */
export async function run(command, args, options) {
  const { code, output } = await capture(command, args, options);
  if (code !== 0) throw failure(`${[command, ...args].join(" ")} failed`, output);
  return output;
}

const noNetwork =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|getaddrinfo|dns error|failed to lookup|Temporary failure in name resolution|NewConnectionError|error sending request|Network is unreachable/i;

/** The problem behind a failed program: no network is told apart, as its remedy differs. */
export function failure(what, output) {
  const end = withoutCredentials(output).trim().split("\n").slice(-15).join("\n");
  const remedy = noNetwork.test(output)
    ? "The package registry cannot be reached. Check the network (and HTTPS_PROXY, where you need a proxy), then run it again: what is done stays done."
    : "Mend what it names, then run it again: what is done stays done.";
  return new Problem(`${what}:\n\n${end}\n\n${remedy}`);
}

function withoutCredentials(text) {
  return text.replace(/(https?:\/\/)[^\s/@]+@/g, "$1");
}
