import { open, readFile, rename } from "node:fs/promises";
import { ConfigurationError } from "../../core/index.ts";
import type { Duel } from "./duel.ts";

/** How a round ended, or what was done by hand. */
export type RoundOutcome =
  /** The challenger is better by more than chance, and answers from now on. */
  | "promoted"
  /** The champion stays: no candidate, or none better by more than chance. */
  | "kept"
  /** The champion was another when the round ended; its comparison says nothing. */
  | "overtaken"
  /** The round could not be ended, for a reason that trying again does not mend. */
  | "failed"
  /** The former champion answers again. */
  | "rolled back"
  /** The program itself was changed by its developer, and answers from now on. */
  | "replaced";

/** One round of improvement, or one rollback. */
export interface Round {
  /** The version it was about. */
  readonly version: number;
  readonly outcome: RoundOutcome;
  /** In a sentence. */
  readonly why: string;
  /** Rows that were learnt from. */
  readonly trainingRows?: number;
  readonly duel?: Duel;
  /** ISO 8601. */
  readonly at: string;
}

/** What stands on disk of a program that improves itself. Versions are numbered; 0 is the program as it was. */
export interface ImprovementState {
  readonly format: 1;
  /** Content of the program that was given; another one begins anew. */
  readonly given: string;
  /** The version that answers, those of whom it may answer. */
  readonly champion: number;
  /** The version that is the program as it was given; default 0. It was learnt from nobody, and answers everybody else. */
  readonly first?: number;
  /** Groups that versions were learnt for: whoever is not of all of them must not see what these learnt. */
  readonly audiences?: Readonly<Record<string, readonly string[]>>;
  /** Versions that answered before it, newest last: where a rollback goes. */
  readonly former: readonly number[];
  /** Number of the next version. */
  readonly next: number;
  /** Records of feedback that rounds have looked at. */
  readonly seen: number;
  /** Ratings that the champion had when it was last compared with the former. */
  readonly compared: number;
  /** The round under way; whoever finds it goes on with it. */
  readonly round?: {
    readonly challenger: number;
    readonly champion: number;
    /** Records that it may look at: with them its rows are the same again. */
    readonly records: number;
    /** Groups that everybody was of as it began; it learns from nobody of others. */
    readonly audience?: readonly string[];
    /** True once the challenger is found and meets the champion. */
    readonly found: boolean;
  };
  /** The last 100, oldest first. */
  readonly rounds: readonly Round[];
  /** Versions in MLflow's registry, by their numbers here. */
  readonly registered: Readonly<Record<string, string>>;
  /** The runs in MLflow of the searches that found versions, by the numbers of these: the runs' keys. */
  readonly runs?: Readonly<Record<string, string>>;
  /** The version of the registry that was last made champion there. */
  readonly registeredChampion?: string;
}

const longestHistory = 100;

/** A state in which a round has ended. */
export function withRound(state: ImprovementState, round: Omit<Round, "at">): ImprovementState {
  return {
    ...state,
    rounds: [...state.rounds, { ...round, at: new Date().toISOString() }].slice(-longestHistory),
  };
}

/** Reads a state; undefined where there is none. @throws ConfigurationError for a file of another kind. */
export async function readState(file: string): Promise<ImprovementState | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const state = JSON.parse(text) as ImprovementState;
  if ((state as { format?: unknown }).format === 1) return state;
  throw new ConfigurationError(`${file} is of another version of lmframe; remove its folder to begin anew`);
}

/** Writes a text so that after a crash the file holds all of it, or what it held before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  const file = await open(aside, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}
