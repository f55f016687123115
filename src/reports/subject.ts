import type { Evaluation } from "../evaluate/index.ts";
import type { PredictorEdit } from "../modules/index.ts";

/** What an optimisation has to say; `Optimization` is one. */
export interface SearchSummary {
  optimizer: string;
  candidates: readonly { id: string; origin: string }[];
  /** Best first. */
  ranking: readonly {
    candidate: { id: string; origin: string; edits: Readonly<Record<string, PredictorEdit>> };
    score: number;
  }[];
  before: number;
  after: number;
  kept: boolean;
  used: Readonly<Record<string, Readonly<{ rollouts: number; calls: number; tokens: number; cost: number | null }>>>;
  seconds: number;
  stopped: string | undefined;
}

/** What a report is about. */
export interface ReportSubject {
  /** Default: the evaluation's name. */
  title?: string;
  /** The evaluation reported. */
  after: Evaluation;
  /** The same rows before something was changed: adds the comparison. */
  before?: Evaluation;
  /** How the change was found. */
  search?: SearchSummary;
  /** Where the run is kept; only an http(s) address becomes a link. */
  tracking?: { url: string };
  /** Settings worth knowing, shown as they are. */
  configuration?: Readonly<Record<string, string | number | boolean>>;
}
