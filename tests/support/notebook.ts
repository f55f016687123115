import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";

/** One output of a cell, as nbformat has it. */
export interface Output {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  name?: string;
  text?: string;
  data?: Record<string, string>;
  metadata?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

export interface Cell {
  cell_type: string;
  source: string;
  execution_count?: number | null;
  outputs?: Output[];
}

export interface NotebookRun {
  /** The notebook with its outputs, as far as it ran. */
  notebook: { cells: Cell[]; metadata: Record<string, unknown> };
  /** Why a cell failed; null where all ran. */
  error: { name: string; message: string; traceback: string } | null;
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Why notebooks cannot run here, where they cannot: to skip with a reason. */
export const noNotebooks = existsSync(join(root, ".venv")) ? undefined : "no .venv: run npm run setup";

let shipped: Promise<string> | undefined;

afterAll(async () => {
  if (shipped) rmSync(await shipped, { recursive: true, force: true });
});

/** The package as far as Jupyter sees it, its kernel built from the sources as they are now. */
function kernelHome(): Promise<string> {
  shipped ??= (async () => {
    const home = mkdtempSync(join(tmpdir(), "lmframe-kernel-"));
    cpSync(join(root, "jupyter"), join(home, "jupyter"), { recursive: true });
    writeFileSync(join(home, "package.json"), '{ "type": "module" }');
    symlinkSync(join(root, "node_modules"), join(home, "node_modules"), "dir");
    await build({
      entryPoints: [join(root, "src/notebook/main.ts")],
      outfile: join(home, "dist/notebook/main.js"),
      bundle: true,
      platform: "node",
      format: "esm",
    });
    return home;
  })();
  return shipped;
}

/**
 * The environment in which Jupyter finds the kernel as the sources have it.
 */
export async function kernelEnvironment(env: Record<string, string> = {}): Promise<NodeJS.ProcessEnv> {
  const path = [join(await kernelHome(), "jupyter"), process.env.JUPYTER_PATH]
    .filter(Boolean)
    .join(delimiter);
  return { ...process.env, JUPYTER_PATH: path, ...env };
}

/** Runs a notebook in its own folder, without a browser. */
export async function runNotebook(
  path: string,
  options: {
    env?: Record<string, string>;
    /** Seconds a cell may take; default 60. */
    timeout?: number;
    /** Write the outputs back, as they are committed; default false. */
    inPlace?: boolean;
  } = {},
): Promise<NotebookRun> {
  const { env = {}, timeout = 60, inPlace = false } = options;
  const how = ["--json", "--timeout", String(timeout), ...(inPlace ? ["--in-place"] : [])];
  const child = spawn(process.execPath, [join(root, "setup/run-notebook.mjs"), ...how, path], {
    env: await kernelEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await new Promise((resolve) => child.on("close", resolve));
  if (stdout === "") throw new Error(`the notebook did not run:\n${stderr}`);
  return JSON.parse(stdout) as NotebookRun;
}

/** Writes a notebook of code cells. A run goes on after a cell that is expected to fail. */
export function writeNotebook(
  path: string,
  cells: readonly (string | { source: string; fails: boolean })[],
): string {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map((cell, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      source: typeof cell === "string" ? cell : cell.source,
      metadata: typeof cell !== "string" && cell.fails ? { tags: ["raises-exception"] } : {},
      outputs: [],
      execution_count: null,
    })),
  };
  writeFileSync(path, JSON.stringify(notebook));
  return path;
}

/** The notebook in a file, its texts in one piece: there they are lists of lines. */
export function readNotebook(path: string): NotebookRun["notebook"] {
  const inLists = new Set(["source", "text", "text/plain", "text/html"]);
  return JSON.parse(readFileSync(path, "utf8"), (key, value: unknown) =>
    inLists.has(key) && Array.isArray(value) ? value.join("") : value,
  ) as NotebookRun["notebook"];
}
