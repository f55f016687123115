import { type Adapter, type AnySignature, chooseAdapter, type Demo } from "../adapters/index.ts";
import { ConfigurationError, nearest, ParseError, RefusedError } from "../core/index.ts";
import { currentLM, type LanguageModel, type LMRequest, type LMResponse, type Message } from "../lm/index.ts";
import {
  type CheckedSpec,
  type InputsOf,
  type OutputsOf,
  type SignatureSource,
  signature as readSignature,
} from "../signature/index.ts";
import { type CallSettings, callSettings, type RequestSettings } from "./call-settings.ts";
import { Module } from "./module.ts";
import type { Extension, PredictorCall, PredictorEdit, PredictorState } from "./state.ts";
import { fieldSink } from "./stream.ts";
import { part } from "./structure.ts";

/** What a predictor may be given beside its signature. */
export interface PredictOptions extends RequestSettings {
  /** What the step is to do; in place of the signature's own. */
  instructions?: string | undefined;
  demos?: readonly Demo[] | undefined;
  /** The predictor's own model. Default: that of the call, else of `configure` or `connect`. */
  lm?: LanguageModel | undefined;
  /** Default: constrained JSON where the model can, else markers. */
  adapter?: Adapter | undefined;
  extensions?: Readonly<Record<string, Extension>> | undefined;
}

/**
 * One step: asks a language model for the outputs of a signature, given its inputs.
 *
 * A reply is repaired and read as the declared types; one that cannot be read is shown to the model, with what
 * was wrong, once. Throws ParseError where that does not help either, and the errors of the model as they are.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export class Predict<S extends SignatureSource = any> extends Module {
  readonly #call: RequestSettings;
  readonly #adapter: Adapter | undefined;
  readonly #signature: AnySignature;
  readonly demos: readonly Demo[];
  readonly lm: LanguageModel | undefined;
  readonly extensions: Readonly<Record<string, Extension>>;

  constructor(source: CheckedSpec<S>, options: string | PredictOptions = {}) {
    super();
    const { instructions, demos, lm, adapter, extensions, ...call } =
      typeof options === "string" ? { instructions: options } : options;
    this.#signature = readSignature(source as never, instructions) as AnySignature;
    this.#call = call;
    this.#adapter = adapter;
    this.demos = demos ?? [];
    this.lm = lm;
    this.extensions = extensions ?? {};
  }

  override get [part](): "predictor" {
    return "predictor";
  }

  override get signature(): AnySignature {
    return this.#signature;
  }

  /** All that an optimizer may change. */
  get state(): PredictorState {
    return {
      instructions: this.signature.instructions,
      demos: this.demos,
      fields: this.signature.fields.map(({ prefix, description }) => ({ prefix, description })),
      lm: this.lm,
      extensions: this.extensions,
    };
  }

  /** A predictor like this one, with the given members of its state replaced. */
  edited(edit: PredictorEdit): this {
    let edited = this.signature;
    if (edit.fields) edited = withFieldStates(edited, edit.fields);
    const twin = new Predict(edited as never, {
      ...this.#call,
      adapter: this.#adapter,
      instructions: edit.instructions,
      demos: edit.demos ?? this.demos,
      lm: "lm" in edit ? edit.lm : this.lm,
      extensions: edit.extensions ?? this.extensions,
    });
    return twin as unknown as this;
  }

  /** The exact messages that a call with these inputs would send, without sending them. */
  prompt(inputs: InputsOf<S>, settings: CallSettings = {}): Message[] {
    const { adapter, signature, demos } = this.#prepare(inputs, { ...callSettings(), ...settings });
    return adapter.format(signature, demos, inputs as Record<string, unknown>);
  }

  async forward(inputs: InputsOf<S>): Promise<OutputsOf<S>> {
    const settings = callSettings();
    let answer = (call: PredictorCall) => this.#ask(call, settings);
    for (const extension of Object.values(this.extensions)) {
      const next = answer;
      answer = (call) => extension.around(call, next);
    }
    return (await answer(this.#prepare(inputs, settings))) as OutputsOf<S>;
  }

  #prepare(inputs: object, settings: CallSettings): PredictorCall {
    const given = inputs as Record<string, unknown>;
    for (const field of this.signature.inputs) {
      if (given[field.name] === undefined && field.type.kind !== "optional") throw missingInput(field.name, given);
    }
    const model = this.lm ?? settings.lm ?? currentLM.get();
    if (!model) {
      throw new ConfigurationError(
        "no language model is set. Call `await connect()` first, or give the predictor one: new Predict(…, { lm }).",
      );
    }
    return {
      signature: this.signature,
      demos: this.demos,
      inputs: given,
      model,
      adapter: this.#adapter ?? settings.adapter ?? chooseAdapter(model),
    };
  }

  async #ask(call: PredictorCall, settings: CallSettings): Promise<Record<string, unknown>> {
    const { adapter, signature, model } = call;
    const messages = adapter.format(signature, call.demos, call.inputs);
    const { lm: _lm, adapter: _adapter, cache, signal, ...request } = settings;
    const members = { ...request, ...this.#call };
    const ask = async (asked: readonly Message[]) => {
      const response = await this.#complete(
        model,
        { ...members, messages: asked, ...adapter.constraint(signature) },
        { cache, signal },
        call,
      );
      return response.choices[0]?.text ?? "";
    };
    try {
      const reply = await ask(messages);
      try {
        return adapter.parse(signature, reply);
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        return adapter.parse(signature, await ask([...messages, ...adapter.reask(signature, reply, error.message)]));
      }
    } catch (error) {
      if (!declinesConstraint(error, model)) throw error;
      // Found out once: the model remembers that it cannot be constrained, and the next call does not try.
      (model.abilities as { jsonSchema: boolean | undefined }).jsonSchema = false;
      return this.#ask({ ...call, adapter: chooseAdapter(model) }, settings);
    }
  }

  async #complete(
    model: LanguageModel,
    request: LMRequest,
    options: Pick<CallSettings, "cache" | "signal">,
    { adapter, signature }: PredictorCall,
  ): Promise<LMResponse> {
    const sink = fieldSink();
    if (!sink) return model.complete(request, options);
    const reader = adapter.reader(signature);
    const chunks = model.stream(request, options);
    for (;;) {
      const step = await chunks.next();
      if (step.done) {
        for (const delta of reader.end()) sink(this, delta);
        return step.value;
      }
      for (const delta of reader.push(step.value.text)) sink(this, delta);
    }
  }
}

function missingInput(name: string, given: Record<string, unknown>): ConfigurationError {
  const names = Object.keys(given);
  const guess = nearest(name, names);
  return new ConfigurationError(
    `the input "${name}" is missing${guess === undefined ? "" : `; did you mean it by "${guess}"?`} ` +
      `Given: ${names.join(", ") || "nothing"}.`,
  );
}

/** True where the endpoint turned the request down because of `response_format`, and a call without it may do. */
function declinesConstraint(error: unknown, model: LanguageModel): boolean {
  return (
    error instanceof RefusedError &&
    model.abilities.jsonSchema !== false &&
    /response_format|json_schema|structured output|grammar/i.test(error.message)
  );
}

function withFieldStates(signature: AnySignature, states: PredictorState["fields"]): AnySignature {
  const { fields } = signature;
  if (states.length !== fields.length) {
    throw new ConfigurationError(
      `${states.length} fields were given for a signature of ${fields.length}: ${signature.toString()}`,
    );
  }
  return signature.describe(Object.fromEntries(fields.map(({ name }, index) => [name, states[index]])));
}
