import type { RunRecord } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { datasetRecord } from "../../evaluate/index.ts";
import type { Optimization } from "../../optimizers/index.ts";
import type { Meeting } from "./duel.ts";
import type { Round } from "./improvement-state.ts";

/** Who a round is about, by the numbers of their versions. */
export interface Contest {
  readonly champion: number;
  readonly challenger: number;
}

/** The search for a challenger as a run, its candidates beneath it. */
export function searchRun(found: Optimization, contest: Contest): RunRecord {
  const run = found.toRun();
  return {
    ...run,
    name: `version ${contest.challenger}: ${run.name}`,
    tags: { ...run.tags, ...tagsOf(contest) },
  };
}

/** How champion and challenger did as a run, and what came of it. */
export function duelRun(
  { duel, scores }: Meeting,
  { outcome, why }: Round,
  contest: Contest,
  rows: Dataset,
): RunRecord {
  const { before, after, difference, interval, probability } = duel;
  return {
    name: `version ${contest.challenger} against version ${contest.champion}`,
    tags: {
      ...tagsOf(contest),
      "lmframe.kind": "duel",
      "lmframe.outcome": outcome,
      "lmframe.why": why,
    },
    metrics: {
      champion: before,
      challenger: after,
      difference,
      difference_low: interval[0],
      difference_high: interval[1],
      probability,
      rows: duel.rows,
    },
    datasets: [datasetRecord(rows, "test")],
    tables: { scores: scores.map(([champion, challenger], row) => ({ row, champion, challenger })) },
  };
}

function tagsOf({ champion, challenger }: Contest): Record<string, string> {
  return { "lmframe.champion": String(champion), "lmframe.version": String(challenger) };
}
