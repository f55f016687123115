import { type RunRecord, type Trackable, TrackingError } from "../core/index.ts";
import { type Logged, mlflow } from "../tracking/index.ts";
import { note } from "./output.ts";

/** Logs a result; undefined, with a note, where MLflow refused it. */
export async function track(result: Trackable | RunRecord, experiment: string): Promise<Logged | undefined> {
  try {
    return await mlflow.log(result, { experiment });
  } catch (error) {
    if (!(error instanceof TrackingError)) throw error;
    note(error.message); // what was found is worth more than where it is kept
    return undefined;
  }
}
