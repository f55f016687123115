import { ConfigurationError } from "../core/index.ts";
import { Predict } from "../modules/index.ts";
import type { Candidate } from "./candidate.ts";
import type { GuardrailOptions } from "./guardrails.ts";
import { Optimizer, type OptimizerOptions, type ProposerOptions } from "./optimizer.ts";
import { InstructionProposer, proposerModels } from "./propose-instructions.ts";
import type { Study } from "./study.ts";

/** Options of {@link COPRO}. Defaults are those of DSPy 3.4. */
export interface COPROOptions extends OptimizerOptions, ProposerOptions, GuardrailOptions {
  /** Instructions tried for each predictor in each round; at least 2. In the first, the present ones are one of them. Default 10. */
  breadth?: number;
  /** Rounds. From the second on, the proposer is shown what was tried and how it scored. Default 3. */
  depth?: number;
  /** Temperature of proposals. Default 1.4. */
  initTemperature?: number;
}

/**
 * Coordinate ascent over instructions: for one predictor after the other, a model proposes instructions, all are
 * scored on the training rows, the best is kept, and the next proposals are made in sight of the scores.
 *
 * Khattab et al. 2023, "DSPy", https://arxiv.org/abs/2310.03714 (COPRO in its code, after OPRO, Yang et al. 2023,
 * https://arxiv.org/abs/2309.03409). Unlike DSPy's it leaves the prefix of the last output alone, and chooses
 * among the best of each round by the validation rows, which no attempt is scored on. Proposer: `promptModel`; it
 * sees no rows at all, only instructions and scores.
 */
export class COPRO extends Optimizer<COPROOptions> {
  readonly begin = new Predict(
    "step, current_instructions -> instructions",
    "Write instructions for a language model that does one step of a program, better than the current ones: be " +
      "inventive, and exact. Leave the names of fields and labels, scales and the form of the output as they are.",
  );
  readonly improve = new Predict(
    "step, attempts: list[str] -> instructions",
    "Instructions for a language model that does one step of a program were tried; the attempts are JSON, the worst " +
      "first, with the score that each reached. Find what makes the good ones good, and write " +
      "instructions that score higher still. Leave the names of fields and labels, scales and the form of the " +
      "output as they are.",
  );

  constructor(options: COPROOptions) {
    super(options);
    if (options.breadth !== undefined && !(options.breadth >= 2))
      throw new ConfigurationError(`invalid breadth: ${options.breadth}; expected 2 or more`);
  }

  protected override models() {
    return proposerModels(this.options);
  }

  protected async search(study: Study): Promise<void> {
    const { breadth = 10, depth = 3 } = this.options;
    const proposer = new InstructionProposer(study, this.options);
    const paths = [...study.tunable.keys()];
    study.plan(breadth * depth * paths.length * study.train.length + (depth + 1) * study.val.length);
    const coordinates = new Map(paths.map((path) => [path, new Attempts()]));
    const scored = new Set<string>();
    let current = study.base;
    let spent = false;
    for (let round = 0; round < depth && !spent; round++) {
      for (const [path, attempts] of coordinates) {
        spent = !study.affords(study.train.length + study.val.length);
        if (spent) break;
        const proposed = await this.#propose(study, proposer, path, attempts, round === 0);
        // With other instructions around it, what was tried before may score otherwise: it is tried again.
        const again = paths.length > 1 ? attempts.texts : [];
        const present = textAt(study, current, path);
        const tried: { instructions: string; candidate: Candidate }[] = [];
        let rollouts = study.val.length;
        for (const instructions of new Set([present, ...again, ...proposed])) {
          const candidate = withText(study, current, path, instructions);
          if (!scored.has(candidate.id)) rollouts += study.train.length;
          // Those before it, and the round's best on the validation rows after it.
          spent = !scored.has(candidate.id) && !study.affords(rollouts);
          if (spent) break;
          scored.add(candidate.id);
          tried.push({ instructions, candidate });
        }
        const ended = await study.evaluateAll(
          tried.map(({ candidate }) => ({ candidate, split: "train" as const })),
        );
        for (const [place, { score }] of ended.entries()) attempts.add(tried[place]!.instructions, score);
        const best = attempts.best;
        if (best === undefined) continue;
        current = withText(study, current, path, best.instructions);
        study.decide("keep", { round: round + 1, predictor: path, candidate: current.id, score: best.score });
      }
      await study.evaluate(current);
    }
  }

  #propose(
    study: Study,
    proposer: InstructionProposer,
    path: string,
    attempts: Attempts,
    first: boolean,
  ): Promise<string[]> {
    const { breadth = 10, initTemperature = 1.4 } = this.options;
    const { signature, state } = study.program.predictors().get(path)!;
    const step = `${path}: ${signature.toString()}`;
    const inputs = first
      ? { step, current_instructions: state.instructions }
      : { step, attempts: attempts.shown(breadth) };
    return proposer.instructions(
      "prompt",
      first ? this.begin : this.improve,
      path,
      Array<typeof inputs>(first ? breadth - 1 : breadth).fill(inputs),
      { temperature: initTemperature },
    );
  }
}

/** Instructions tried for one predictor, each with its latest score. */
class Attempts {
  readonly #scores = new Map<string, number>();

  add(instructions: string, score: number): void {
    if (!Number.isNaN(score)) this.#scores.set(instructions, score);
  }

  get texts(): string[] {
    return [...this.#scores.keys()];
  }

  /** The one with the highest score; of equals the earlier. */
  get best(): { instructions: string; score: number } | undefined {
    return this.#ordered()[0];
  }

  /** The best `most` as JSON, the best last. */
  shown(most: number): string[] {
    return this.#ordered()
      .slice(0, most)
      .reverse()
      .map((attempt) => JSON.stringify(attempt));
  }

  #ordered(): { instructions: string; score: number }[] {
    return [...this.#scores]
      .map(([instructions, score]) => ({ instructions, score }))
      .sort((a, b) => b.score - a.score);
  }
}

function textAt(study: Study, candidate: Candidate, path: string): string {
  return candidate.edits[path]?.instructions ?? study.program.predictors().get(path)!.state.instructions;
}

/** The candidate with other instructions at one place; the program as it was where they are its own everywhere. */
function withText(study: Study, candidate: Candidate, path: string, instructions: string): Candidate {
  const { [path]: _, ...others } = candidate.edits;
  const own = study.program.predictors().get(path)!.state.instructions;
  const edits = instructions === own ? others : { ...others, [path]: { instructions } };
  return study.candidate(edits, "proposal", [candidate]);
}
