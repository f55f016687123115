import type { Demo } from "../adapters/index.ts";
import { demosOf } from "./bootstrap-few-shot.ts";
import { BudgetExhausted } from "./budget.ts";
import type { Candidate } from "./candidate.ts";
import { changed, different, raceWithin } from "./challengers.ts";
import type { GuardrailOptions } from "./guardrails.ts";
import { labeledDemos } from "./labeled-few-shot.ts";
import { Optimizer, type OptimizerOptions, type ProposerOptions } from "./optimizer.ts";
import { PairedRace } from "./paired-race.ts";
import { InstructionProposer, proposerModels } from "./propose-instructions.ts";
import { reflection, runText } from "./reflection.ts";
import type { Study } from "./study.ts";
import { type TrainingRun, TrainingRuns } from "./training-runs.ts";

/** Options of {@link PairedAscent}. */
export interface PairedAscentOptions extends OptimizerOptions, ProposerOptions, GuardrailOptions {
  /**
   * Rollouts that the search may take. Default: what the budget given to `compile` leaves; where it says nothing,
   * 700 and twice the validation rows.
   */
  rollouts?: number;
  /** New instructions asked for at once, each in sight of failing runs of its own. Default 3. */
  proposals?: number;
  /** Failing runs that one proposal is made in sight of. Default 8. */
  runs?: number;
  /** Demos that a predictor may have; 0: none are tried. Default 8. */
  maxDemos?: number;
  /** Score from which a run can serve as a demo, and that cannot be improved. Default 1. */
  threshold?: number;
  /** Temperature of the reflection. Default 1. */
  reflectionTemperature?: number;
}

/** Runs that went well, shown beside those that failed. */
const goodRuns = 2;
/** Sentences that are tried without, the last first: later ones were less often thought about. */
const mostSentences = 12;

/**
 * Climbs by small changes of different kinds, each kept only where it is better on the same rows: instructions
 * rewritten in sight of failing runs with their feedback, one predictor after the other; demos from runs that went
 * well and from rows the program fails on; a sentence left out. A kind of change that gained is tried again at once, one
 * that did not gives way to the next, and the search ends when none gains any more. So what instructions and examples
 * each give is joined, and the budget goes to what is still gaining.
 *
 * A strategy of this project. Reflection is as in GEPA (Agrawal et al. 2025, https://arxiv.org/abs/2507.19457), demos
 * are bootstrapped as in DSPy (Khattab et al. 2023, https://arxiv.org/abs/2310.03714), and comparing on growing sets of
 * rows is racing (Maron and Moore 1994, "Hoeffding Races"). Proposer: `reflectionModel`; it sees training rows only.
 * A metric with feedback helps it much.
 */
export class PairedAscent extends Optimizer<PairedAscentOptions> {
  readonly reflect = reflection();

  protected override models() {
    return proposerModels(this.options);
  }

  protected async search(study: Study): Promise<void> {
    await raceWithin(study, this.options.rollouts, () => this.#climb(study));
  }

  async #climb(study: Study): Promise<void> {
    const { threshold = 1 } = this.options;
    const race = new PairedRace(study, study.random("ascent race"), { perfectScore: threshold });
    let champion = study.base;
    await study.evaluate(champion);
    race.whole(champion);
    const seen = new TrainingRuns(study, study.random("ascent looks"), threshold);
    const moves = this.#moves(study, seen);
    while (moves.some(({ misses, patience }) => misses < patience)) {
      const move = moves.shift()!;
      moves.push(move);
      if (move.misses >= move.patience) continue;
      if (!study.affords(race.least) || (await race.perfect(champion))) break;
      const winner = await this.#winner(race, champion, move);
      if (winner === undefined) {
        move.misses++;
        continue;
      }
      champion = winner;
      for (const one of moves) one.misses = 0;
      // What gained is tried again at once.
      moves.unshift(moves.pop()!);
    }
    await study.evaluate(champion);
  }

  /** The challenger that is better than the champion; undefined where none is, or the budget holds no more. */
  async #winner(race: PairedRace, champion: Candidate, move: Move): Promise<Candidate | undefined> {
    try {
      const challengers = await move.propose(champion);
      return challengers.length > 0 ? await race.winner(champion, challengers) : undefined;
    } catch (error) {
      // A proposer's budget may end before that of the task: other kinds of change need none.
      if (!(error instanceof BudgetExhausted)) throw error;
      return undefined;
    }
  }

  /** The kinds of change, with how often one may fail in a row. */
  #moves(study: Study, seen: TrainingRuns): Move[] {
    const { maxDemos = 8 } = this.options;
    const proposer = new InstructionProposer(study, this.options);
    const paths = [...study.tunable.keys()];
    return [
      ...paths.map((path) => kind(3, (champion) => this.#rewritten(study, proposer, seen, champion, path))),
      ...(maxDemos > 0 ? [kind(4, (champion) => this.#shown(study, seen, champion, maxDemos))] : []),
      ...paths.map((path) => kind(1, (champion) => Promise.resolve(shortened(study, champion, path)))),
    ];
  }

  /** The champion with instructions that were written in sight of what failed. */
  async #rewritten(
    study: Study,
    proposer: InstructionProposer,
    seen: TrainingRuns,
    champion: Candidate,
    path: string,
  ): Promise<Candidate[]> {
    const { proposals = 3, runs = 8, reflectionTemperature = 1 } = this.options;
    const { failed, good } = await seen.of(champion, proposals * runs);
    if (failed.length === 0) return [];
    const { signature, state } = study.programOf(champion).predictors().get(path)!;
    const draw = seen.random;
    const asked = Array.from({ length: proposals }, () => ({
      step: `${path}: ${signature.toString()}`,
      current_instructions: state.instructions,
      runs: [...draw.sample(failed, runs), ...draw.sample(good, goodRuns)].map(({ result }) =>
        runText(result, path),
      ),
    }));
    const written = await proposer.instructions("reflection", this.reflect, path, asked, {
      temperature: reflectionTemperature,
    });
    return different(
      champion,
      written.map((instructions) => changed(study, champion, { [path]: { instructions } }, "reflection")),
    );
  }

  /** The champion with other demos. */
  async #shown(
    study: Study,
    seen: TrainingRuns,
    champion: Candidate,
    maxDemos: number,
  ): Promise<Candidate[]> {
    const { failed, good } = await seen.of(champion, maxDemos);
    const draw = seen.random;
    const half = Math.ceil(maxDemos / 2);
    const program = study.programOf(champion);
    const paths = [...program.predictors().keys()];
    const now = Object.fromEntries([...program.predictors()].map(([path, { demos }]) => [path, demos]));
    const own = (runs: readonly TrainingRun[]) =>
      Object.fromEntries(
        paths.map((path) => [path, runs.flatMap(({ result }) => demosOf(study, result, path))]),
      );
    const labeled = (runs: readonly TrainingRun[]) =>
      labeledDemos(
        study,
        runs.map(({ row }) => row),
      );
    const hard = labeled(spread(draw.shuffle(failed), half));
    const sets = [
      own(spread(draw.shuffle(good), half)),
      joined(own(spread(draw.shuffle(good), maxDemos - half)), hard, maxDemos),
      joined(now, hard, maxDemos),
      joined(
        Object.fromEntries(paths.map((path) => [path, draw.sample(now[path]!, half)])),
        labeled(draw.sample(failed, half)),
        maxDemos,
      ),
      labeled(spread(draw.shuffle([...failed, ...good]), maxDemos)),
    ];
    return different(
      champion,
      sets
        .filter((set) => Object.values(set).some((demos) => demos.length > 0))
        .map((set) =>
          changed(
            study,
            champion,
            Object.fromEntries(Object.entries(set).map(([path, demos]) => [path, { demos }])),
            "demos",
          ),
        ),
    );
  }
}

/** One kind of change. */
interface Move {
  propose: (champion: Candidate) => Promise<Candidate[]>;
  /** Times in a row it may give nothing better. */
  patience: number;
  misses: number;
}

function kind(patience: number, propose: Move["propose"]): Move {
  return { propose, patience, misses: 0 };
}

/** `most` runs whose outputs differ as far as can be, so that no answer is shown more often than need be. */
function spread(runs: readonly TrainingRun[], most: number): TrainingRun[] {
  const byOutput = new Map<string, TrainingRun[]>();
  for (const run of runs) {
    const key = run.result.feedback ?? JSON.stringify(run.result.outputs);
    byOutput.set(key, [...(byOutput.get(key) ?? []), run]);
  }
  const groups = [...byOutput.values()];
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, turn) => groups.flatMap((group) => group[turn] ?? []));
  return turns.flat().slice(0, most);
}

type DemoSet = Record<string, readonly Demo[]>;

/** Demos of both, each once, the last `most` of them. */
function joined(one: DemoSet, other: DemoSet, most: number): DemoSet {
  const inputsOf = ({ augmented: _, ...fields }: Demo) => JSON.stringify(fields);
  return Object.fromEntries(
    Object.keys(one).map((path) => {
      const all = [...one[path]!, ...(other[path] ?? [])];
      return [path, [...new Map(all.map((demo) => [inputsOf(demo), demo])).values()].slice(-most)];
    }),
  );
}

/** The champion without one of the sentences of its instructions. */
function shortened(study: Study, champion: Candidate, path: string): Candidate[] {
  const { instructions } = study.programOf(champion).predictors().get(path)!.state;
  const sentences = instructions.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence.trim() !== "");
  if (sentences.length < 2) return [];
  return sentences
    .map((left) => sentences.filter((sentence) => sentence !== left).join(" "))
    .reverse()
    .slice(0, mostSentences)
    .filter((text) => text !== "")
    .map((text) => changed(study, champion, { [path]: { instructions: text } }, "left out"));
}
