// Optimises the planted task at the endpoint of the environment, journaling to the file it is given; prints the outcome.
import { connect } from "../../src/lm/index.ts";
import { RandomSearch } from "../../src/optimizers/index.ts";
import { plantedMetric, plantedProgram, plantedRows } from "./planted-task.ts";

await connect({ cache: false });
const { ranking, program, used } = await new RandomSearch({
  metric: plantedMetric,
  seed: 5,
  numCandidates: 3,
}).compile(plantedProgram(), {
  train: plantedRows(24, 1),
  val: plantedRows(30, 2),
  journal: process.argv[2],
  concurrency: 6,
});
process.stdout.write(
  JSON.stringify({
    ranking: ranking.map(({ candidate, score }) => [candidate.id, score]),
    demos: program.state.demos,
    rollouts: used.task.rollouts,
  }),
);
