import type { Comparison, Evaluation } from "../evaluate/index.ts";
import type { PredictorEdit } from "../modules/index.ts";
import type { Section } from "./section.ts";

/** What an optimisation has to say; `Optimization` is one. */
export interface SearchSummary {
  readonly optimizer: string;
  /** In the order in which they were made. */
  readonly candidates: readonly { readonly id: string; readonly origin: string }[];
  /** Those scored on all validation rows, best first. */
  readonly ranking: readonly {
    readonly candidate: {
      readonly id: string;
      readonly origin: string;
      /** Ids of the candidates it was made from. */
      readonly parents: readonly string[];
      readonly edits: Readonly<Record<string, PredictorEdit>>;
    };
    readonly score: number;
  }[];
  /** By role. */
  readonly used: Readonly<
    Record<string, Readonly<{ rollouts: number; calls: number; tokens: number; cost: number | null }>>
  >;
  readonly seconds: number;
  /** Why it ended early; undefined where it ended by itself. */
  readonly stopped: string | undefined;
}

/** What a report is about. */
export interface ReportSubject {
  /** Default: the evaluation's name. */
  title?: string | undefined;
  /** The evaluation reported. */
  after: Evaluation;
  /**
   * The same rows before something was changed: adds the comparison. The same evaluation twice says that the
   * program was kept as it was.
   */
  before?: Evaluation | undefined;
  /** How the change was found. */
  search?: SearchSummary | undefined;
  /** What an application adds, after the summary. */
  sections?: readonly Section[] | undefined;
  /** Where the run is kept; only an http(s) address becomes a link. */
  tracking?: { readonly url: string | undefined } | undefined;
  /** Settings worth knowing, shown as they are. */
  configuration?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** A subject as the sections of the page read it. */
export interface Reported extends Omit<ReportSubject, "before"> {
  /** Another evaluation than `after`, or none. */
  before: Evaluation | undefined;
  /** Of the two, where there are two. */
  comparison: Comparison | undefined;
  /** True where a search found nothing better than the program as it was. */
  kept: boolean;
}
