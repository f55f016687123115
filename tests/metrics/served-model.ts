import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { watchOwner } from "../../src/services/owner.ts";
import { freePort, startDetached, stopTree } from "../../src/services/process.ts";
import { isAlive } from "../../src/services/process-identity.ts";
import { pythonPath } from "../../src/services/index.ts";

/** A model in Python that `mlflow models serve` serves, for real. */
export interface ServedModel {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves a pyfunc.
 *
 * @param predict - the body of `def predict(rows):`, where `rows` is a data frame; pandas is `pd`.
 */
export async function serveModel(predict: string): Promise<ServedModel> {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-served-"));
  mkdirSync(join(folder, "code"));
  writeFileSync(
    join(folder, "MLmodel"),
    "flavors:\n  python_function:\n    code: code\n    loader_module: served_model\n",
  );
  const body = predict.trim().replaceAll("\n", "\n        ");
  writeFileSync(
    join(folder, "code", "served_model.py"),
    `import pandas as pd\n\nclass Model:\n    def predict(self, rows):\n        ${body}\n\ndef _load_pyfunc(path):\n    return Model()\n`,
  );
  const python = pythonPath();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const serve = ["-m", "mlflow", "models", "serve", "--model-uri", folder, "--env-manager", "local"];
  const identity = await startDetached(
    {
      program: python,
      args: [...serve, "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      env: {
        MLFLOW_DISABLE_TELEMETRY: "true",
        PYTHONDONTWRITEBYTECODE: "1",
        // MLflow starts uvicorn by its name.
        PATH: `${dirname(python)}${delimiter}${process.env.PATH ?? ""}`,
      },
    },
    join(folder, "log"),
  );
  watchOwner(identity, process.pid);
  const stop = async () => {
    await stopTree(identity);
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = () =>
    fetch(`${url}/ping`, { signal: AbortSignal.timeout(2000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (!isAlive(identity)) throw new Error(`the server of ${folder} ended; see its log`);
    await pause(100);
  }
  return { url, stop };
}
