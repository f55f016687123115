import { ConfigurationError } from "../core/index.ts";
import { type Estimate, mean, pairedInterval } from "../evaluate/index.ts";
import { type Bullet, InstructionLibrary } from "./instruction-library.ts";
import { type Candidate, digest } from "./candidate.ts";
import type { Optimization } from "./optimization.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { PairedRace } from "./paired-race.ts";
import type { Ranked, Study } from "./study.ts";

/** Options of {@link LibrarySearch}. */
export interface LibrarySearchOptions extends OptimizerOptions {
  /** What may be chosen from: its approved bullets. */
  library: InstructionLibrary | readonly Bullet[];
  /** Path of the predictor whose instructions are written. Default: the only one; a program of several must say. */
  predictor?: string | undefined;
  /** Bullets that may be chosen. Default 8. */
  maxBullets?: number;
  /** Characters that the instructions may have with them. Default 4,000. */
  maxInstructionLength?: number;
  /** Score that cannot be improved. Default 1. */
  perfectScore?: number;
}

/** What one bullet does for the score. */
export interface BulletContribution {
  bullet: Bullet;
  /**
   * Mean score with it less that without it, on the same validation rows, with its 95 % interval (paired bootstrap);
   * undefined where the budget ended before it was left out. They were also chosen by it: it flatters a little.
   */
  effect: Estimate | undefined;
}

/**
 * Chooses bullets from an {@link InstructionLibrary}, orders them and caps their number: they stand as a list after the
 * program's own instructions, and nothing else changes. Bullets are added one by one, each only where it is better on the
 * same validation rows ({@link PairedAscent} compares so); then each is tried at the head and at the end of the list; then
 * each is left out, which tells what it contributes, and drops those without which the score is higher.
 *
 * A strategy of this project. Needs no proposer, and learns nothing from training rows.
 */
export class LibrarySearch extends Optimizer<LibrarySearchOptions> {
  readonly #bullets: readonly Bullet[];

  /** Throws ConfigurationError where no bullet is approved, DataError for a library that cannot be one. */
  constructor(options: LibrarySearchOptions) {
    super(options);
    const { library } = options;
    this.#bullets = (
      library instanceof InstructionLibrary ? library : new InstructionLibrary(library)
    ).approved;
    if (this.#bullets.length === 0) {
      throw new ConfigurationError(
        "no bullet of the library is approved, so there is nothing to choose from",
      );
    }
  }

  protected override describe(): string {
    return `${super.describe()} of ${digest(this.#bullets)}`;
  }

  protected async search(study: Study): Promise<void> {
    const { perfectScore = 1 } = this.options;
    const writer = new BulletWriter(study, this.#bullets, this.options);
    const race = new PairedRace(study, study.random("library race"), { perfectScore });
    let champion = study.base;
    await study.evaluate(champion);
    race.whole(champion);
    // A champion that is found when the budget ends counts only once it is scored on all rows.
    try {
      for (const variants of [writer.longer, writer.moved]) {
        for (;;) {
          const challengers = variants(champion).filter((one) => one !== champion);
          const winner = challengers.length > 0 ? await race.winner(champion, challengers) : undefined;
          if (!winner) break;
          champion = winner;
        }
      }
    } finally {
      await study.evaluate(champion);
    }
    await leaveOut(study, writer, champion);
  }

  /** What each bullet of the best program contributes, in their order in its instructions. */
  contributions(optimization: Optimization): BulletContribution[] {
    const best = optimization.ranking.find(
      ({ candidate }) => !optimization.kept || Object.keys(candidate.edits).length === 0,
    );
    const path = predictorPath([...optimization.program.predictors().keys()], this.options.predictor);
    const chosenBy = ({ candidate }: Ranked) =>
      chosenIn(optimization.programOf(candidate).predictors().get(path)!.state.instructions, this.#bullets)
        .bullets;
    if (!best) return [];
    const chosen = chosenBy(best);
    return chosen.map((bullet) => {
      const rest = chosen.filter((other) => other !== bullet);
      const without = optimization.ranking.find((ranked) => sameBullets(chosenBy(ranked), rest));
      return { bullet, effect: without && effectOf(best, without) };
    });
  }
}

/** Drops bullets one by one while the score rises by it; at the end each that is left was left out once. */
async function leaveOut(study: Study, writer: BulletWriter, from: Candidate): Promise<void> {
  let champion = await study.evaluate(from);
  for (;;) {
    const tried = await study.evaluateAll(
      writer.shorter(champion.candidate).map((candidate) => ({ candidate })),
    );
    if (tried.length === 0) return;
    const best = tried.reduce((most, one) => (one.score > most.score ? one : most));
    const dropped = best.score > champion.score;
    study.decide(dropped ? "leave out a bullet" : "keep all bullets", {
      champion: champion.candidate.id,
      score: champion.score,
      without: tried.map(({ candidate, score }) => [candidate.id, score]),
    });
    if (!dropped) return;
    champion = best;
  }
}

/** Makes candidates of bullets. */
class BulletWriter {
  readonly #study: Study;
  readonly #path: string;
  readonly #bullets: readonly Bullet[];
  readonly #mostBullets: number;
  readonly #longest: number;

  constructor(
    study: Study,
    bullets: readonly Bullet[],
    { predictor, maxBullets = 8, maxInstructionLength = 4000 }: LibrarySearchOptions,
  ) {
    this.#study = study;
    this.#path = predictorPath([...study.tunable.keys()], predictor);
    this.#bullets = bullets;
    this.#mostBullets = maxBullets;
    this.#longest = maxInstructionLength;
  }

  /** With one more, at the end. */
  readonly longer = (champion: Candidate): Candidate[] => {
    const { bullets } = this.#read(champion);
    if (bullets.length >= this.#mostBullets) return [];
    return this.#bullets
      .filter((bullet) => !bullets.includes(bullet))
      .flatMap((bullet) => this.#candidate(champion, [...bullets, bullet], `with ${bullet.id}`));
  };

  /** With each at the head, and at the end. */
  readonly moved = (champion: Candidate): Candidate[] => {
    const { bullets } = this.#read(champion);
    const candidates = bullets.flatMap((bullet) => {
      const rest = bullets.filter((other) => other !== bullet);
      return [
        ...this.#candidate(champion, [bullet, ...rest], `${bullet.id} first`),
        ...this.#candidate(champion, [...rest, bullet], `${bullet.id} last`),
      ];
    });
    return [...new Set(candidates)];
  };

  /** With each left out. */
  readonly shorter = (champion: Candidate): Candidate[] => {
    const { bullets } = this.#read(champion);
    return bullets.flatMap((bullet) =>
      this.#candidate(
        champion,
        bullets.filter((other) => other !== bullet),
        `without ${bullet.id}`,
      ),
    );
  };

  #read(champion: Candidate) {
    return chosenIn(this.#instructions(champion), this.#bullets);
  }

  #instructions(candidate: Candidate): string {
    return this.#study.programOf(candidate).predictors().get(this.#path)!.state.instructions;
  }

  /** The champion with these bullets; none where its instructions would be too long. */
  #candidate(champion: Candidate, bullets: readonly Bullet[], origin: string): Candidate[] {
    const { own } = this.#read(champion);
    const instructions = [own, bullets.map(({ text }) => `- ${text}`).join("\n")]
      .filter((text) => text !== "")
      .join("\n\n");
    // Texts that nobody would change back are one candidate: what the program was is not scored again.
    if (instructions === this.#instructions(this.#study.base)) return [this.#study.base];
    if (instructions.length > this.#longest) return [];
    return [this.#study.candidate({ [this.#path]: { instructions } }, origin, [champion])];
  }
}

/** The bullets that stand at the end of instructions, in their order, and what stands before them. */
function chosenIn(instructions: string, library: readonly Bullet[]): { own: string; bullets: Bullet[] } {
  const lines = instructions.split("\n");
  const bullets: Bullet[] = [];
  for (;;) {
    const line = lines.at(-1);
    const bullet = line === undefined ? undefined : library.find(({ text }) => line === `- ${text}`);
    if (!bullet) break;
    bullets.unshift(bullet);
    lines.pop();
  }
  return { own: bullets.length === 0 ? instructions : lines.join("\n").trimEnd(), bullets };
}

function predictorPath(paths: readonly string[], wanted: string | undefined): string {
  const path = wanted ?? (paths.length === 1 ? paths[0] : undefined);
  if (path !== undefined && paths.includes(path)) return path;
  throw new ConfigurationError(
    wanted === undefined
      ? `the program has several predictors; say whose instructions the library is for: { predictor: "${paths[0]}" }`
      : `no predictor at "${wanted}"; the program has: ${paths.join(", ")}`,
  );
}

function sameBullets(one: readonly Bullet[], other: readonly Bullet[]): boolean {
  return one.length === other.length && one.every((bullet, place) => bullet === other[place]);
}

/** How much higher the rows score with a bullet than without it. */
function effectOf(withIt: Ranked, without: Ranked): Estimate {
  const differences = withIt.results
    .map(({ score }, row) => score - without.results[row]!.score)
    .filter((difference) => !Number.isNaN(difference));
  return { mean: mean(differences), interval: pairedInterval(differences) };
}
