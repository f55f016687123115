import { type Setting, setting } from "../core/index.ts";

/** Has MLflow show the experiment's traces and evaluation runs first, in place of model training. */
export const experimentTags = { "mlflow.experimentKind": "genai_development" };

const chosen: Setting<string | undefined> = setting<string | undefined>(undefined);

/** Name of the experiment runs go to: the one that was set, else `MLFLOW_EXPERIMENT_NAME`, else "lmframe". */
export function experimentName(): string {
  return chosen.get() ?? (process.env.MLFLOW_EXPERIMENT_NAME || "lmframe");
}

/** Sets the experiment that runs and traces of this process go to from here on; it is made where there is none. */
export function setExperiment(name: string): void {
  chosen.set(name);
}

/** Runs `body` with another experiment in force, for it alone. */
export function withExperiment<R>(name: string, body: () => R): R {
  return chosen.run(name, body);
}
