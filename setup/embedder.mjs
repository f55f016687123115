import { join } from "node:path";
import { interpreterOf } from "./python.mjs";
import { run } from "./run.mjs";

/** What the embedders' files depend on. */
export const embedderInputs = ["python/requirements-embedder.txt", "python/embedder_files.py"];

/** Puts the embedders' files beside what is installed in the virtual environment. */
export async function fetchEmbedders(root) {
  await run(interpreterOf(join(root, ".venv")), [join(root, "python/embedder_files.py")], { cwd: root });
}
