import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../services/own-package.ts";
import type { MlflowClient } from "../client.ts";
import { isWorkspace } from "../workspace.ts";

/** The MLflow that a model is to be loaded with: the server's. A workspace tells none: there, the one lmframe installs. */
export async function mlflowVersion(client: MlflowClient): Promise<string> {
  if (!isWorkspace(client.uri)) return client.serverVersion();
  const pins = await readFile(join(packageRoot, "python", "requirements.txt"), "utf8");
  return /^mlflow==(\S+)/m.exec(pins)![1]!;
}
