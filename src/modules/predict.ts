import { type Adapter, type AnySignature, chooseAdapter, type Demo, jsonAdapter } from "../adapters/index.ts";
import { ConfigurationError, ParseError, RefusedError } from "../core/index.ts";
import {
  type CallOptions,
  currentLM,
  type LanguageModel,
  type LMRequest,
  type LMResponse,
  type Message,
} from "../lm/index.ts";
import {
  type CheckedSpec,
  type InputsOf,
  type OutputsOf,
  type SignatureSource,
  signature as readSignature,
} from "../signature/index.ts";
import { advised } from "./advice.ts";
import { type CallSettings, callSettings, forModel, type RequestSettings } from "./call-settings.ts";
import { missingInput } from "./missing-input.ts";
import { Module } from "./module.ts";
import type { Extension, PredictorCall, PredictorEdit, PredictorState } from "./state.ts";
import { openSink, type Sink } from "./stream.ts";
import { part } from "./structure.ts";
import { trimInputs } from "./trim-history.ts";

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
export class Predict<S extends SignatureSource = AnySignature> extends Module {
  /** Request members of the predictor's own; they come before those of a call. */
  readonly settings: RequestSettings;
  // Not #private: an edited predictor is a copy, which has no #private fields.
  private readonly adapter: Adapter | undefined;
  private readonly declared: AnySignature;
  readonly demos: readonly Demo[];
  readonly lm: LanguageModel | undefined;
  readonly extensions: Readonly<Record<string, Extension>>;

  constructor(source: CheckedSpec<S>, options: string | PredictOptions = {}) {
    super();
    const { instructions, demos, lm, adapter, extensions, ...settings } =
      typeof options === "string" ? { instructions: options } : options;
    this.declared = readSignature(source as never, instructions) as AnySignature;
    this.settings = settings;
    this.adapter = adapter;
    this.demos = demos ?? [];
    this.lm = lm;
    this.extensions = extensions ?? {};
  }

  override get [part](): "predictor" {
    return "predictor";
  }

  override get signature(): AnySignature {
    return this.declared;
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

  /** A predictor like this one, of the same class, with the given members of its state replaced. */
  edited(edit: PredictorEdit): this {
    const { instructions, fields, ...members } = edit;
    let declared = this.declared;
    if (fields) declared = withFieldStates(declared, fields);
    if (instructions !== undefined) declared = declared.withInstructions(instructions);
    const twin = Object.create(Object.getPrototypeOf(this) as object) as this;
    return Object.assign(twin, this, members, { declared });
  }

  /** The exact messages that a call with these inputs would send, without sending them. */
  prompt(inputs: InputsOf<S>, settings: CallSettings = {}): Message[] {
    const inForce = { ...callSettings(), ...settings };
    const given = this.checkInputs(inputs, inForce);
    return this.adapterFor(this.modelFor(inForce), inForce).format(this.declared, this.demos, given);
  }

  async forward(inputs: InputsOf<S>): Promise<OutputsOf<S>> {
    const settings = callSettings();
    let answer = (call: PredictorCall) => this.ask(advised(this, call));
    for (const extension of Object.values(this.extensions)) {
      const next = answer;
      answer = (call) => extension.around(call, next);
    }
    return (await answer(this.prepare(inputs, settings))) as OutputsOf<S>;
  }

  private prepare(inputs: object, settings: CallSettings): PredictorCall {
    const given = this.checkInputs(inputs, settings);
    const model = this.modelFor(settings);
    if (!model) {
      throw new ConfigurationError(
        "no language model is set. Call `await connect()` first, or give the predictor one: new Predict(…, { lm }).",
      );
    }
    const adapter = this.adapterFor(model, settings);
    const own = { ...settings, ...this.settings };
    return { signature: this.declared, demos: this.demos, inputs: given, model, adapter, settings: own };
  }

  private checkInputs(inputs: object, { historyTokens }: CallSettings): Readonly<Record<string, unknown>> {
    const given = inputs as Record<string, unknown>;
    for (const { name, type } of this.declared.inputs) {
      if (given[name] === undefined && type.kind !== "optional") throw missingInput(name, given);
    }
    return trimInputs(this.declared, given, historyTokens);
  }

  /** The model that a call with these settings asks; undefined where none is set. */
  modelFor(settings: CallSettings = callSettings()): LanguageModel | undefined {
    return this.lm ?? settings.lm ?? currentLM.get();
  }

  private adapterFor(model: LanguageModel | undefined, settings: CallSettings): Adapter {
    return this.adapter ?? settings.adapter ?? (model ? chooseAdapter(model) : jsonAdapter);
  }

  private async ask(call: PredictorCall): Promise<Record<string, unknown>> {
    const { adapter, signature, model, settings } = call;
    const { members, options } = forModel(settings);
    const { responseFormat, ...tools } = adapter.constraint(signature);
    const constrained = responseFormat !== undefined && model.abilities.jsonSchema !== false;
    const request = { ...members, ...tools, ...(constrained && { responseFormat }) };
    const messages = adapter.format(signature, call.demos, call.inputs);
    const ask = (asked: readonly Message[]) => {
      const sink = openSink(this);
      const whole = { ...request, messages: asked };
      return sink ? streamInto(sink, call, whole, options) : model.complete(whole, options);
    };
    const read = ({ choices: [choice] }: LMResponse) => {
      const text = choice?.text ?? "";
      const known = { cut: choice?.finishReason === "length", toolCalls: choice?.toolCalls };
      return { text, values: attempt(() => adapter.parse(signature, text, known)) };
    };
    try {
      const { text, values } = read(await ask(messages));
      if (!(values instanceof ParseError)) return values;
      const second = read(await ask([...messages, ...adapter.reask(signature, text, values.message)]));
      if (second.values instanceof ParseError) throw second.values;
      return second.values;
    } catch (error) {
      if (!constrained || !declinesConstraint(error)) throw error;
      // Found out once: the model remembers that it cannot be constrained, and the next call does not try.
      model.abilities.jsonSchema = false;
      return this.ask({ ...call, adapter: this.adapterFor(model, settings) });
    }
  }
}

/** The response to a request, whose fields go into `sink` as they come. */
async function streamInto(
  sink: Sink,
  { adapter, signature, model }: PredictorCall,
  request: LMRequest,
  options: CallOptions,
): Promise<LMResponse> {
  const reader = adapter.reader(signature);
  const chunks = model.stream(request, options);
  for (;;) {
    const step = await chunks.next();
    if (step.done) {
      for (const delta of reader.end()) sink(delta);
      return step.value;
    }
    for (const delta of reader.push(step.value.text)) sink(delta);
  }
}

/** What `read` gives, or the ParseError it throws. */
function attempt<T>(read: () => T): T | ParseError {
  try {
    return read();
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
}

/** True where the endpoint turned the request down because of `response_format`, and a call without it may do. */
function declinesConstraint(error: unknown): boolean {
  return (
    error instanceof RefusedError &&
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
