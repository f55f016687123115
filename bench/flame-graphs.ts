import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flameGraph, type Profile } from "./flame-graph.ts";
import { place, run } from "./process.ts";

/** What is profiled: a program of `bench/programs` and what it is given, so much that starting is little of it. */
const hotPaths = [
  { figure: "predict-call", title: "One Predict call", program: ["predict-call", 100, 1000, 1000] },
  {
    figure: "evaluate-500",
    title: "Evaluating rows, 500 at once, without the model's waits",
    program: ["evaluate-rows", 500, 10],
  },
] as const;

/** Draws where the processor's time goes on the hot paths, into `bench/figures`. */
export function drawFlameGraphs(): void {
  mkdirSync(place("figures"), { recursive: true });
  for (const { figure, title, program } of hotPaths) {
    const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
    try {
      const [name, ...args] = program;
      const profiling = ["--cpu-prof", "--cpu-prof-interval", "200", `--cpu-prof-dir=${folder}`];
      run(process.execPath, [...profiling, place(`programs/${name}.ts`), ...args.map(String)]);
      const [file] = readdirSync(folder);
      const profile = JSON.parse(readFileSync(join(folder, file!), "utf8")) as Profile;
      writeFileSync(place(`figures/${figure}.svg`), flameGraph(title, profile));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
