import type { AnySignature } from "../adapters/index.ts";
import {
  type CheckedSpec,
  type InputsOf,
  type OutputsOf,
  type SignatureSource,
  signature as readSignature,
} from "../signature/index.ts";
import type { Message } from "../lm/index.ts";
import type { CallSettings } from "./call-settings.ts";
import { Module } from "./module.ts";
import { Predict, type PredictOptions } from "./predict.ts";

/**
 * A step that reasons before it answers: a `Predict` whose first output is `reasoning`
 * (Wei et al. 2022, https://arxiv.org/abs/2201.11903). Its predictor's path is `predict`.
 */
export class ChainOfThought<S extends SignatureSource = AnySignature> extends Module {
  readonly predict: Predict;

  constructor(source: CheckedSpec<S>, options: string | PredictOptions = {}) {
    super();
    const answer = readSignature(source as never) as AnySignature;
    this.predict = new Predict<AnySignature>(answer.prependOutput("reasoning"), options);
  }

  override get signature(): AnySignature {
    return this.predict.signature;
  }

  /** The exact messages that a call with these inputs would send, without sending them. */
  prompt(inputs: InputsOf<S>, settings?: CallSettings): Message[] {
    return this.predict.prompt(inputs, settings);
  }

  async forward(inputs: InputsOf<S>): Promise<{ reasoning: string } & OutputsOf<S>> {
    return (await this.predict.call(inputs)) as { reasoning: string } & OutputsOf<S>;
  }
}
