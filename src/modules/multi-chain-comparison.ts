import type { AnySignature } from "../adapters/index.ts";
import { ConfigurationError } from "../core/index.ts";
import {
  type CheckedSpec,
  type InputsOf,
  type OutputsOf,
  type SignatureSource,
  signature as readSignature,
} from "../signature/index.ts";
import { Module } from "./module.ts";
import { Predict, type PredictOptions } from "./predict.ts";

/** Options of {@link MultiChainComparison}. */
export interface MultiChainComparisonOptions extends PredictOptions {
  /** Attempts that are compared. Default 3. */
  m?: number | undefined;
}

/** An attempt: its reasoning, where it has one, and its answer. */
export type ChainAttempt = Readonly<Record<string, unknown>>;

/**
 * A step that sees `m` attempts at its own task, each with its reasoning and its answer, and answers from what is right
 * in them: its inputs are those of the signature and `completions`, its first output is `rationale`. As DSPy's
 * `MultiChainComparison`, after Yoran et al. 2023, "Answering Questions by Meta-Reasoning over Multiple Chains of
 * Thought", https://arxiv.org/abs/2304.13007. The predictor's path is `predict`; its temperature is 0.7 by default.
 *
 * ```ts
 * const completions = await new Parallel().call([0, 1, 2].map((rollout) => …));
 * await new MultiChainComparison("question -> answer").call({ question, completions });
 * ```
 */
export class MultiChainComparison<S extends SignatureSource = AnySignature> extends Module {
  readonly m: number;
  readonly predict: Predict;
  private readonly answered: AnySignature;

  constructor(source: CheckedSpec<S>, options: string | MultiChainComparisonOptions = {}) {
    super();
    const { m = 3, ...predictOptions } = typeof options === "string" ? { instructions: options } : options;
    const answer = readSignature(source as never) as AnySignature;
    this.m = m;
    this.answered = answer.prependOutput(
      "rationale",
      "str",
      "what is right in the attempts, and what is not",
    );
    const compared = Array.from({ length: m }, (_, index) => index + 1).reduce<AnySignature>(
      (signature, number) =>
        signature.appendInput(
          nameOf(number),
          "str",
          `attempt ${number} at the same task: its reasoning and its answer`,
        ),
      this.answered,
    );
    this.predict = new Predict<AnySignature>(compared, { temperature: 0.7, ...predictOptions });
  }

  override get signature(): AnySignature {
    return this.answered.appendInput("completions", "list[dict[str, Any]]", `${this.m} attempts`);
  }

  /** Throws ConfigurationError where there are not `m` completions. */
  async forward({
    completions,
    ...inputs
  }: InputsOf<S> & { completions: readonly ChainAttempt[] }): Promise<{ rationale: string } & OutputsOf<S>> {
    if (completions.length !== this.m) {
      throw new ConfigurationError(
        `${completions.length} completions were given to compare, expected ${this.m}; set another number: { m: ${completions.length} }`,
      );
    }
    const last = this.answered.outputs.at(-1)!.name;
    const attempts = completions.map((completion, index) => [
      nameOf(index + 1),
      attemptText(completion, last),
    ]);
    return (await this.predict.call({ ...inputs, ...Object.fromEntries(attempts) })) as {
      rationale: string;
    } & OutputsOf<S>;
  }
}

function nameOf(number: number): string {
  return `reasoning_attempt_${number}`;
}

function attemptText(completion: ChainAttempt, field: string): string {
  const { rationale, reasoning = rationale } = completion;
  const answer = completion[field];
  const said = `Answer: ${firstLine(typeof answer === "string" ? answer : (JSON.stringify(answer) ?? "none"))}`;
  return typeof reasoning === "string" && reasoning.trim() !== "" ? `${firstLine(reasoning)} ${said}` : said;
}

/** One line an attempt, as in DSPy: enough to compare by, and the prompt stays short. */
function firstLine(text: string): string {
  return text.trim().split("\n")[0]!.trim();
}
