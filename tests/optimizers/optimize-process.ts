// Optimises the planted task at the endpoint of the environment, by the optimizer of the name it is given and journaling
// to the file; prints the outcome.
import { connect } from "../../src/lm/index.ts";
import { optimizerByName } from "../../src/optimizers/index.ts";
import { plantedMetric, plantedProgram, plantedRows } from "./planted-task.ts";

await connect({ cache: false });
const [name = "", journal] = process.argv.slice(2);
const optimizer = optimizerByName(name)!({ metric: plantedMetric, seed: 5 });
const { ranking, program, used } = await optimizer.compile(plantedProgram(), {
  train: plantedRows(24, 1),
  val: plantedRows(30, 2),
  budget: { rollouts: 180 },
  journal,
  concurrency: 6,
});
process.stdout.write(
  JSON.stringify({
    ranking: ranking.map(({ candidate, score }) => [candidate.id, score]),
    demos: program.state.demos,
    rollouts: used.task.rollouts,
  }),
);
