import type { LanguageModel } from "../lm/index.ts";
import type { ModelRole } from "./budget.ts";
import { fitPrompt, type Proposer } from "./fit-prompt.ts";
import { type GuardrailOptions, Guardrails } from "./guardrails.ts";
import type { ProposerOptions } from "./optimizer.ts";
import type { Study } from "./study.ts";

/** Asks models that help, within the guardrails. */
export class InstructionProposer {
  readonly #study: Study;
  readonly #guardrails: Guardrails;
  readonly #longestPrompt: number;

  constructor(study: Study, options: GuardrailOptions = {}) {
    this.#study = study;
    this.#guardrails = new Guardrails(study, options);
    this.#longestPrompt = options.maxPromptLength ?? 24_000;
  }

  /** What a proposer answers to inputs that are shortened to fit; undefined where its reply could not be read. */
  ask<O extends object>(
    role: Exclude<ModelRole, "task">,
    proposer: Proposer,
    inputs: Readonly<Record<string, unknown>>,
    settings: { temperature?: number } = {},
  ): Promise<O | undefined> {
    return this.#study.propose<O>(role, proposer, fitPrompt(proposer, inputs, this.#longestPrompt), settings);
  }

  /**
   * New instructions for the predictor at `path`, from a proposer whose output is `instructions`: one for each of
   * `asked`, in their order, without those whose reply could not be read or that the guardrails refuse. The journal
   * says why.
   */
  async instructions(
    role: Exclude<ModelRole, "task">,
    proposer: Proposer,
    path: string,
    asked: readonly Readonly<Record<string, unknown>>[],
    settings: { temperature?: number } = {},
  ): Promise<string[]> {
    const replies = await Promise.allSettled(
      asked.map((inputs) => this.ask<{ instructions: string }>(role, proposer, inputs, settings)),
    );
    // Looked at when all have ended: what is paid for is in the journal by then, and refusals have an order.
    return replies.flatMap((reply) => {
      if (reply.status === "rejected") throw reply.reason;
      const instructions = reply.value?.instructions.trim();
      return this.allows(path, instructions) ? [instructions] : [];
    });
  }

  /** False where the guardrails refuse these instructions for the predictor at `path`; the journal says why. */
  allows(path: string, instructions: string | undefined): instructions is string {
    const reason =
      instructions === undefined
        ? "the reply could not be read"
        : this.#guardrails.refusal(path, instructions);
    if (reason !== undefined) this.#study.decide("refuse", { predictor: path, reason });
    return reason === undefined;
  }
}

/** The models by role: who reflects is who writes, unless told otherwise. */
export function proposerModels({
  promptModel,
  reflectionModel = promptModel,
}: ProposerOptions): Partial<Record<"prompt" | "reflection", LanguageModel>> {
  return {
    ...(promptModel && { prompt: promptModel }),
    ...(reflectionModel && { reflection: reflectionModel }),
  };
}
