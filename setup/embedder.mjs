import { join } from "node:path";
import { interpreterOf } from "./python.mjs";
import { run } from "./run.mjs";

/** What the embedder's files depend on. */
export const embedderInputs = ["python/requirements-embedder.txt", "python/embedder_files.py"];

/** Puts the embedder's files beside what is installed in the virtual environment. */
export async function fetchEmbedder(root) {
  await run(interpreterOf(join(root, ".venv")), [join(root, "python/embedder_files.py")], { cwd: root });
}
