import type { AnySignature, Adapter, Demo } from "../adapters/adapter.ts";
import type { LanguageModel } from "../lm/request.ts";
import type { CallSettings } from "./call-settings.ts";

/** How one field of a predictor is named and described in the prompt. */
export interface FieldState {
  prefix: string;
  description: string;
}

/** One call of a predictor, as an extension sees it. */
export interface PredictorCall {
  readonly signature: AnySignature;
  readonly demos: readonly Demo[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly model: LanguageModel;
  readonly adapter: Adapter;
  /** Those in force, the predictor's own request members over them. `lm` and `adapter` of the call come before them. */
  readonly settings: CallSettings;
  /** What else than the model speaks for a label, as log-odds by the label as text; a calibration adds it. Default: nothing. */
  readonly labelEvidence?: Readonly<Record<string, number>>;
}

/**
 * Something a predictor learnt beside instructions and demos, such as a calibration or a choice of neighbours.
 * It stands around each call, and is saved with the program under its name.
 */
export interface Extension {
  readonly name: string;
  /** Raised when the saved form changes. */
  readonly version: number;
  /** Answers a call, by `next` with the same call or a changed one, or without it. */
  around(
    call: PredictorCall,
    next: (call: PredictorCall) => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>>;
  /** Plain data from which {@link ExtensionReader} makes it again. */
  toJSON(): unknown;
}

/** Makes an extension from its saved form. Throws where the version is not one it reads. */
export type ExtensionReader = (saved: unknown, version: number) => Extension;

/** All that an optimizer may change in a predictor. */
export interface PredictorState {
  readonly instructions: string;
  readonly demos: readonly Demo[];
  /** One entry a field, inputs first, in the order of the signature. */
  readonly fields: readonly FieldState[];
  /** The predictor's own model; undefined: that of the call, or the default. */
  readonly lm: LanguageModel | undefined;
  readonly extensions: Readonly<Record<string, Extension>>;
}

/** The members of a state to replace; those that are absent stay. */
export type PredictorEdit = Partial<PredictorState>;
