import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UnreachableError } from "../core/index.ts";
import { fileHash } from "./file-hash.ts";
import { packageRoot } from "./own-package.ts";
import type { LocalService } from "./local-service.ts";
import type { Command } from "./process.ts";
import { pythonPath } from "./python.ts";

/** What the embedded model is called, by whichever server serves it. */
export const embeddedModelName = "SmolLM2-135M-Instruct";

/**
 * The small model that is there without a key: a `llama-server` of the PATH, else llama.cpp's server out of
 * the Python side. It listens on loopback and asks for a random key.
 */
export const embeddedModelService: LocalService = {
  name: "model",
  title: "the embedded model",
  patience: 120,

  async prepare(port) {
    const file = await modelFile();
    const key = randomBytes(32).toString("hex");
    const llamaServer = onPath("llama-server");
    const command = llamaServer ? byLlamaServer(llamaServer, file, port, key) : byPython(file, port, key);
    return { command, facts: { key, identity: await fileHash(file) } };
  },

  async answers({ port, key }) {
    // A stranger that takes any key would pass for ours, so it must refuse a wrong one, and hears that first.
    return (
      key !== undefined &&
      (await status(port, randomBytes(32).toString("hex"))) === 401 &&
      (await status(port, key)) === 200
    );
  },

  failed: (why) =>
    new UnreachableError(
      `the embedded model did not start: ${why}\nOr set OPENAI_BASE_URL to an endpoint you have, or put llama-server on your PATH.`,
    ),
};

function byLlamaServer(program: string, file: string, port: number, key: string): Command {
  return {
    program,
    args: [
      ...["--model", file, "--alias", embeddedModelName, "--host", "127.0.0.1", "--port", String(port)],
      ...["--parallel", "4", "--ctx-size", "16384", "--jinja"],
    ],
    env: { LLAMA_API_KEY: key },
  };
}

function byPython(file: string, port: number, key: string): Command {
  return {
    program: pythonPath(),
    args: [launcher, "--model", file, "--port", String(port)],
    env: { LMFRAME_MODEL_KEY: key },
  };
}

const launcher = join(packageRoot, "python", "model_server.py");

/** The model's file; the Python side knows where its package has it. */
async function modelFile(): Promise<string> {
  const { stdout } = await promisify(execFile)(pythonPath(), [launcher, "--locate"]).catch((error: Error) => {
    throw embeddedModelService.failed(error.message);
  });
  return stdout.trim();
}

/** The status of a request that needs the key; llama.cpp's health and model list are open on some versions. */
async function status(port: number, key: string): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${port}/tokenize`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ content: "" }),
    signal: AbortSignal.timeout(5000),
  });
  await reply.body?.cancel();
  return reply.status;
}

function onPath(program: string): string | undefined {
  const names = process.platform === "win32" ? [`${program}.exe`] : [program];
  return (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => (folder ? names.map((name) => join(folder, name)) : []))
    .find((path) => existsSync(path));
}
