import type { AnySignature } from "../../adapters/index.ts";
import {
  ConfigurationError,
  currentSpan,
  isOutage,
  ParseError,
  record,
  type Span,
} from "../../core/index.ts";
import type { LanguageModel } from "../../lm/index.ts";
import { callSettings, type CallSettings, Module } from "../../modules/index.ts";
import { runConfidence } from "./confidence.ts";

type Values = Readonly<Record<string, unknown>>;

/** Options of {@link Cascade}. */
export interface CascadeOptions {
  /**
   * An answer stands where the model was at least so sure of it; see {@link runConfidence}. 0: the first model answers
   * all, 1: nearly all go to the last. Default 0.9; {@link cascadeCurve} finds the one that pays.
   */
  threshold?: number | undefined;
}

/**
 * A program that asks models one after another, from small to large, until one is sure enough of its answer (Chen et al.
 * 2023, "FrugalGPT"). An answer that cannot be read, an outage, and a model that tells no log-probabilities send the task
 * on to the next; the last model's answer stands as it is.
 *
 * Predictors with a model of their own keep it. The span of a call tells `answeredBy`, the model's place, and `confidence`
 * of each model asked.
 *
 * ```ts
 * const frugal = new Cascade(classify, [models.lm("small"), models.lm("large")], { threshold: 0.8 });
 * ```
 */
export class Cascade extends Module {
  readonly program: Module;
  readonly threshold: number;
  // Of a class of their own: what functions hold would be refused by `with`.
  private readonly ladder: Ladder;

  /** @param models from small to large, two or more. */
  constructor(program: Module, models: readonly LanguageModel[], { threshold = 0.9 }: CascadeOptions = {}) {
    super();
    if (models.length < 2)
      throw new ConfigurationError(`a cascade takes two models or more, found ${models.length}`);
    if (!(threshold >= 0 && threshold <= 1))
      throw new ConfigurationError(`invalid threshold: ${threshold}, expected 0 to 1`);
    this.program = program;
    this.threshold = threshold;
    this.ladder = new Ladder(models);
  }

  override get signature(): AnySignature {
    return this.program.signature;
  }

  /** The models, from small to large. */
  get models(): readonly LanguageModel[] {
    return this.ladder.models;
  }

  /** The same with another threshold. */
  withThreshold(threshold: number): Cascade {
    return new Cascade(this.program, this.models, { threshold });
  }

  async forward(inputs: Values): Promise<Values> {
    const span = currentSpan();
    const confidence: (number | null)[] = [];
    if (span) span.attributes.confidence = confidence;
    const last = this.models.length - 1;
    for (const [place, model] of this.models.entries()) {
      if (span) span.attributes.answeredBy = place;
      if (place === last) break;
      try {
        const spans: Span[] = [];
        const outputs = (await record(spans, () => this.program.call(inputs, askedSurely(model)))) as Values;
        const sure = runConfidence(spans);
        confidence.push(sure ?? null);
        if (sure !== undefined && sure >= this.threshold) return outputs;
      } catch (error) {
        if (callSettings().signal?.aborted || error instanceof ConfigurationError) throw error;
        if (!isOutage(error) && !(error instanceof ParseError)) throw error;
        confidence.push(null);
      }
    }
    return this.program.call(inputs, { lm: this.models[last] }) as Promise<Values>;
  }
}

/** What a call takes, so that its model tells how sure it is of its answer, where it can. */
export function askedSurely(lm: LanguageModel): CallSettings {
  return { lm, ...(lm.abilities.logprobs !== false && { topLogprobs: 1 }) };
}

class Ladder {
  readonly models: readonly LanguageModel[];

  constructor(models: readonly LanguageModel[]) {
    this.models = models;
  }
}
