import { resolve } from "node:path";
import type { AnySignature } from "../adapters/adapter.ts";
import { ConfigurationError, traced } from "../core/index.ts";
import type { Dataset, Scan, TableLike } from "../data/index.ts";
import { type CallSettings, withCallSettings } from "./call-settings.ts";
import type { MapRowsOptions } from "./map.ts";
import type { Predict } from "./predict.ts";
import type { ExtensionReader, PredictorEdit } from "./state.ts";
import { type ProgramDelta, stream } from "./stream.ts";
import { editPredictors, findPredictors, type ModulePart, part } from "./structure.ts";

/** What a program takes. */
export type ProgramInputs<M> = M extends { forward(inputs: infer I): unknown } ? I : never;

/** What a program gives. */
export type ProgramOutputs<M> = M extends { forward(inputs: never): Promise<infer O> } ? O : never;

/**
 * A program, or a part of one: a class whose fields are its parts and whose `forward` composes them with
 * ordinary control flow. Programs are values: `with` gives a new one, and nothing that ran is ever changed.
 *
 * A class states what it takes and gives by `static signature`, so that `map`, serving and tracking know it at
 * run time.
 */
export abstract class Module implements ModulePart {
  /** What programs of this class take and give; needed where a schema is. */
  static signature?: AnySignature;

  // A getter, for a copied program keeps what is on its prototype.
  // eslint-disable-next-line @typescript-eslint/class-literal-property-style
  get [part](): "module" | "predictor" {
    return "module";
  }

  /** What the program does with its inputs. Called by `call`, which adds settings and events. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  abstract forward(inputs: any): Promise<any>;

  /** Runs the program. `settings` hold for this call and all calls inside it. */
  call(inputs: ProgramInputs<this>, settings?: CallSettings): Promise<ProgramOutputs<this>> {
    return withCallSettings(settings, () =>
      traced("module", this.constructor.name, inputs, async (span) => {
        if (span) span.attributes.module = this;
        try {
          return (await this.forward(inputs)) as ProgramOutputs<this>;
        } catch (error) {
          throw explainPrivateField(this, error);
        }
      }),
    );
  }

  /** The signature of the class. Throws ConfigurationError, naming the class, where it states none. */
  get signature(): AnySignature {
    const stated = (this.constructor as typeof Module).signature;
    if (stated) return stated;
    const { name } = this.constructor;
    throw new ConfigurationError(
      `${name} states no signature, and its inputs and outputs must be known here. ` +
        `Add for instance: static signature = signature("question -> answer");`,
    );
  }

  /** The predictors of the program by path, in order: `query.predict`, `judges[0]`; a lone one is `self`. */
  predictors(): Map<string, Predict> {
    return findPredictors(this) as unknown as Map<string, Predict>;
  }

  /**
   * A new program in which the predictors at the given paths have other instructions, demos, fields, model or
   * extensions. Throws ConfigurationError for a path that is not there, and for a field that holds a function.
   */
  with(edits: Readonly<Record<string, PredictorEdit>>): this {
    return editPredictors(this, edits);
  }

  /** A new program in which every predictor has `lm` as its own model. */
  withLM(lm: PredictorEdit["lm"]): this {
    return this.with(Object.fromEntries([...this.predictors().keys()].map((path) => [path, { lm }])));
  }

  /** Runs the program on every row of a table and adds its outputs as columns; see {@link map}. */
  map<R extends object>(data: Scan<R>, options: MapRowsOptions & { to: string }): Promise<Scan>;
  map<R extends object>(data: TableLike<R>, options?: MapRowsOptions): Promise<Dataset>;
  async map(data: never, options?: MapRowsOptions): Promise<Dataset | Scan> {
    const { map } = await import("./map.ts");
    return map(this, data, options);
  }

  /** Runs the program and yields the fields of its predictors as they come; see {@link stream}. */
  stream(
    inputs: ProgramInputs<this>,
    settings?: CallSettings,
  ): AsyncGenerator<ProgramDelta, ProgramOutputs<this>> {
    return stream(this, inputs, settings);
  }

  /**
   * Writes the program's state to a JSON file that DSPy 3.4 loads as well. Models are not saved. DSPy ignores
   * extensions; saving one warns of it.
   */
  async save(path: string): Promise<void> {
    const { saveProgram } = await import("./saved.ts");
    await saveProgram(this, resolve(path));
  }

  /**
   * A new program with the state of a file that `save` or DSPy wrote. All or nothing: where a predictor is
   * missing, left over, or has other fields, a ConfigurationError names its path.
   */
  async load(path: string, extensions: Readonly<Record<string, ExtensionReader>> = {}): Promise<this> {
    const { loadState } = await import("./saved.ts");
    return loadState(this, resolve(path), extensions);
  }
}

/** True for a program or a part of one, made by whatever copy of the package. */
export function isModule(value: unknown): value is Module {
  return typeof value === "object" && value !== null && part in value;
}

/** A copied object lacks the `#private` fields of its class; the engine's message would not say why. */
function explainPrivateField(program: Module, error: unknown): unknown {
  if (!(error instanceof TypeError) || !/private member|must be an instance of class/i.test(error.message))
    return error;
  return new ConfigurationError(
    `${program.constructor.name} uses a #private field, which a copy of a program cannot have. ` +
      `Write "private name" in place of "#name".`,
    { cause: error },
  );
}
