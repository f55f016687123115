import { ConfigurationError, redactor } from "../../core/index.ts";
import { type Module, type Predict, programToJSON } from "../../modules/index.ts";
import { bundleWorker, type WorkerEntry } from "./bundle.ts";

/** A program that is to run elsewhere. */
export interface ProgramSource {
  program: Module;
  /** File that exports the program or its class. Needed for all but a lone `Predict` or `ChainOfThought`. */
  module?: string | undefined;
  /** Packages of Node that are not put into the program's code, and must stand beside it where it runs. */
  leftOut?: readonly string[] | undefined;
}

/** A program as texts: its state, the request members of a lone predictor, and a worker that runs it. */
export interface ProgramCode {
  saved: string;
  scoring: string;
  code: string;
}

/**
 * Makes the texts of a program that is to run elsewhere.
 *
 * @param entryOf - which worker runs it, given the other texts.
 * @throws ConfigurationError where the program cannot be made again from them, or one holds a key.
 */
export async function programCode(
  { program, module, leftOut }: ProgramSource,
  entryOf: (texts: Omit<ProgramCode, "code">) => WorkerEntry,
): Promise<ProgramCode> {
  const saved = JSON.stringify(programToJSON(program), null, 2);
  const scoring = JSON.stringify({ settings: module === undefined ? lonePredictor(program).settings : {} });
  const { code, sources } = await bundleWorker(entryOf({ saved, scoring }), module, leftOut);
  refuseSecrets(new Map([...sources, ["the program's state", saved], ["the program's settings", scoring]]));
  return { saved, scoring, code };
}

/**
 * The predictor of a program that its saved state alone makes again.
 *
 * @throws ConfigurationError where the program's source is needed for that.
 */
function lonePredictor(program: Module): Predict {
  const { lmframe } = programToJSON(program).metadata as { lmframe?: unknown };
  const [predictor] = program.predictors().values();
  if (lmframe !== undefined && predictor && Reflect.get(predictor, "adapter") === undefined) return predictor;
  throw new ConfigurationError(
    `the saved state of ${program.constructor.name} does not say how to make it: name the file that exports the ` +
      'program or its class, as in { module: "programs/support.ts" }',
  );
}

function refuseSecrets(texts: ReadonlyMap<string, string>): void {
  const redact = redactor();
  for (const [name, text] of texts) {
    if (redact.text(text) === text) continue;
    throw new ConfigurationError(
      `${name} holds a key or a token, which must not leave this machine: read it from the environment where it is used`,
    );
  }
}
