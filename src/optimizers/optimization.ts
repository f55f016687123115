import {
  type Displayable,
  display,
  escapeHtml,
  type MimeBundle,
  type RunRecord,
  type Trackable,
} from "../core/index.ts";
import { datasetRecord } from "../evaluate/index.ts";
import { type Module, programToJSON } from "../modules/index.ts";
import type { ModelRole, Used } from "./budget.ts";
import type { Candidate } from "./candidate.ts";
import type { Measured } from "./measured-search.ts";
import { servingFront, type ServingPoint, type ServingStats, servingStats } from "./serving-stats.ts";
import type { Ranked, Study } from "./study.ts";

/** What an optimizer found, and how. */
export class Optimization<P extends Module = Module> implements Displayable, Trackable {
  /** The best program on the validation rows; the one that was given where nothing scored higher. */
  readonly program: P;
  /** The optimizer's name. */
  readonly optimizer: string;
  /** Candidates scored on all validation rows, best first. */
  readonly ranking: readonly Ranked[];
  /** Every candidate that was made, with its lineage. */
  readonly candidates: readonly Candidate[];
  /** True where no candidate scored higher than the program as it was. */
  readonly kept: boolean;
  /** Objective of the program as it was, on the validation rows. */
  readonly before: number;
  /** Objective of the best program, on the validation rows. It was chosen by it: {@link tested} is the honest figure. */
  readonly after: number;
  /** What was used by role, journaled work included. */
  readonly used: Readonly<Record<ModelRole, Readonly<Used>>>;
  /** By the clock, since start or resumption. */
  readonly seconds: number;
  /** Why the search ended early; undefined where it ended by itself. */
  readonly stopped: string | undefined;
  /** What the best program is worth on rows that no strategy saw; undefined where `compile` was given none. */
  readonly tested: Measured | undefined;
  readonly #chosen: Ranked | undefined;
  readonly #study: Study;

  constructor(
    optimizer: string,
    study: Study,
    stopped: string | undefined,
    tested?: Measured,
    seconds = study.seconds,
  ) {
    const base = study.ranking.find(({ candidate }) => candidate.id === study.given.id);
    // The program as it was comes first among equals: a change must earn its place.
    const top = study.ranking[0];
    const best = top && base && top.score <= base.score ? base : top;
    this.optimizer = optimizer;
    this.ranking = study.ranking;
    this.candidates = study.candidates;
    this.kept = best === undefined || best === base;
    this.program = (this.kept ? study.givenProgram : study.programOf(best!.candidate)) as P;
    this.before = base?.score ?? NaN;
    this.after = best?.score ?? NaN;
    this.used = study.used;
    this.seconds = seconds;
    this.stopped = stopped;
    this.tested = tested;
    this.#chosen = best;
    this.#study = study;
  }

  /** The same search with what was found on rows that no strategy saw. */
  withTested(tested: Measured): Optimization<P> {
    return new Optimization(this.optimizer, this.#study, this.stopped, tested, this.seconds);
  }

  /** The program of a candidate: one of {@link ranking} can be taken in place of the best. */
  programOf(candidate: Candidate): P {
    return this.#study.programOf(candidate) as P;
  }

  /** What the best program is worth and takes, on the validation rows; undefined where nothing was scored. */
  get servingStats(): ServingStats | undefined {
    const chosen = this.#chosen;
    return chosen && servingStats(chosen.draws.flat());
  }

  /**
   * The candidates to choose from where score is not all that counts: none is better than another in score, latency, tokens
   * and cost at once. The best score first.
   */
  get servingFront(): readonly ServingPoint[] {
    return servingFront(this.ranking);
  }

  /** What a tracking server is told: the search as a run, each ranked candidate as a run inside it. */
  toRun(): RunRecord {
    const { task, prompt, reflection, teacher } = this.used;
    const endedAt = Date.now();
    const { tested } = this;
    return {
      name: this.optimizer,
      tags: { "lmframe.kind": "optimization", "lmframe.kept": String(this.kept) },
      params: {
        optimizer: this.optimizer,
        program: this.program.constructor.name,
        seed: this.#study.seed,
        ...(this.stopped !== undefined && { stopped: this.stopped }),
      },
      metrics: {
        before: this.before,
        after: this.after,
        candidates: this.candidates.length,
        rollouts: task.rollouts,
        task_calls: task.calls,
        task_tokens: task.tokens,
        helper_calls: prompt.calls + reflection.calls + teacher.calls,
        ...(task.cost !== null && { estimated_cost_usd: task.cost }),
        duration_seconds: this.seconds,
        ...latencies(this.servingStats),
        ...(tested && {
          test_before: tested.before.score,
          test_after: tested.after.score,
          test_difference: tested.comparison.score.difference,
        }),
      },
      datasets: [datasetRecord(this.#study.train, "train"), datasetRecord(this.#study.val, "validation")],
      files: { "program.json": JSON.stringify(programToJSON(this.program), null, 2) },
      startedAt: endedAt - this.seconds * 1000,
      endedAt,
      tables: { candidates: this.#lineage() },
      children: [
        ...this.#candidateRuns(endedAt),
        ...(tested ? [...new Set([tested.before, tested.after])].map((one) => one.toRun()) : []),
      ],
    };
  }

  #candidateRuns(endedAt: number): RunRecord[] {
    return this.ranking.map(({ candidate, score, results }, place) => ({
      name: `candidate ${place + 1}: ${candidate.origin}`,
      tags: {
        "lmframe.kind": "candidate",
        "lmframe.candidate": candidate.id,
        "lmframe.parents": candidate.parents.join(","),
      },
      metrics: { score },
      tables: {
        scores: results.map(({ status, score, feedback }, row) => ({ row, status, score, feedback })),
      },
      files: { "program.json": JSON.stringify(programToJSON(this.#study.programOf(candidate)), null, 2) },
      startedAt: endedAt - this.seconds * 1000,
      endedAt,
    }));
  }

  /** Every candidate in the order made, with those it came from and on how many validation rows none beats it. */
  #lineage(): Record<string, unknown>[] {
    const ranked = new Map(this.ranking.map((one) => [one.candidate.id, one]));
    const best = bestByRow(this.ranking);
    return this.candidates.map((made, index) => {
      const results = ranked.get(made.id)?.results;
      return {
        number: index + 1,
        id: made.id,
        origin: made.origin,
        parents: made.parents.join(", "),
        score: ranked.get(made.id)?.score ?? null,
        rows_unbeaten: results?.filter(({ score }, row) => score === best[row]).length ?? null,
        changes: summary(made),
      };
    });
  }

  [display](): MimeBundle {
    const head = this.kept
      ? `${this.optimizer} found nothing better than the program as it was (${this.before.toFixed(3)} on validation).`
      : `${this.optimizer}: ${this.before.toFixed(3)} → ${this.after.toFixed(3)} on validation rows.`;
    const { task } = this.used;
    const spent = `${this.candidates.length} candidates, ${task.rollouts} rollouts, ${task.calls} calls, ${this.seconds.toFixed(1)} s`;
    const rows = this.ranking
      .slice(0, 10)
      .map(({ candidate, score }) => [score.toFixed(3), candidate.origin, summary(candidate)]);
    const note =
      (this.stopped === undefined ? "" : ` Stopped early: ${this.stopped}.`) +
      (this.tested === undefined
        ? ""
        : this.tested.doubt === undefined
          ? ` On test rows: ${this.tested.comparison.verdict}`
          : ` Warning: ${this.tested.doubt}`);
    return {
      "text/html":
        `<div style="font:13px/1.4 system-ui,sans-serif"><p><b>${escapeHtml(head)}</b> ${escapeHtml(spent)}.${escapeHtml(note)}</p>` +
        `<table><tr><th>score</th><th>origin</th><th style="text-align:left">changes</th></tr>` +
        rows
          .map(
            (cells) =>
              `<tr>${cells.map((cell) => `<td style="text-align:left">${escapeHtml(cell)}</td>`).join("")}</tr>`,
          )
          .join("") +
        `</table></div>`,
      "text/plain": [`${head} ${spent}.${note}`, ...rows.map((cells) => cells.join("  "))].join("\n"),
    };
  }
}

function latencies(stats: ServingStats | undefined): Record<string, number> {
  if (!stats || Number.isNaN(stats.averageLatencyMs)) return {};
  return { avg_latency_ms: stats.averageLatencyMs, p95_latency_ms: stats.p95LatencyMs };
}

/** The greatest score of each validation row. */
function bestByRow(ranking: readonly Ranked[]): number[] {
  const scores = ranking.map(({ results }) => results.map(({ score }) => score));
  return (scores[0] ?? []).map((_, row) =>
    Math.max(...scores.map((own) => own[row]!).filter((score) => !Number.isNaN(score))),
  );
}

function summary({ edits }: Candidate): string {
  const parts = Object.entries(edits).map(([path, { instructions, demos, extensions }]) => {
    const changes = [
      ...(instructions === undefined
        ? []
        : [`"${instructions.length > 80 ? `${instructions.slice(0, 79)}…` : instructions}"`]),
      ...(demos === undefined ? [] : [`${demos.length} demos`]),
      ...Object.keys(extensions ?? {}),
    ];
    return `${path}: ${changes.join(", ")}`;
  });
  return parts.join("; ") || "the program as it was";
}
