import type { Module } from "../modules/index.ts";
import { findModules } from "../modules/structure.ts";
import { SelfImprovingPipeline } from "./improvement/index.ts";
import { type RobustCounts, RobustPipeline } from "./robust-pipeline.ts";

/** The counts of each {@link RobustPipeline} that a program is or holds, also where it improves itself. */
export function chainCounts(program: Module): RobustCounts[] {
  return findModules(program).flatMap((module) => {
    if (module instanceof SelfImprovingPipeline) return chainCounts(module.champion);
    return module instanceof RobustPipeline ? [module.counts()] : [];
  });
}

/** Who answered in each chain and why others did not, as rows of the monitor; they are counted in all, not by window. */
export function chainRows(chains: readonly RobustCounts[]): [string, string, string][] {
  return chains.flatMap(({ answered, unanswered, fallbacks }, place): [string, string, string][] => {
    const chain = chains.length > 1 ? `chain ${place + 1}: ` : "";
    const passed = Object.entries(fallbacks).filter(([, count]) => count > 0);
    return [
      [
        `${chain}answered by`,
        [...answered.map((count, program) => `program ${program + 1} ${count}`), `none ${unanswered}`].join(
          ", ",
        ),
        "-",
      ],
      [
        `${chain}passed over for`,
        passed.map(([reason, count]) => `${reason} ${count}`).join(", ") || "nothing",
        "-",
      ],
    ];
  });
}
