import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { down } from "../../src/services/index.ts";

/**
 * All tests of a run share one home for their services, apart from the project's own: what one starts, the
 * others find. Nothing is left after the run, nor where it is killed: the services watch this process.
 */
export default function (): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lmframe tests "));
  process.env.LMFRAME_HOME = folder;
  process.env.LMFRAME_SERVICES_OWNER = String(process.pid);
  for (const name of ["MLFLOW_TRACKING_URI", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"]) {
    Reflect.deleteProperty(process.env, name);
  }
  return async () => {
    await down();
    rmSync(folder, { recursive: true, force: true });
  };
}
