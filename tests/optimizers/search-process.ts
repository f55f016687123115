// Searches by the strategy that it is given the name of, at the endpoint of the environment, journaling to the file, and
// prints what came of it. `retune`: moves the program to another model of the endpoint.
import { currentLM, type LanguageModel, lm, type LMRequest } from "../../src/lm/index.ts";
import { retune } from "../../src/optimizers/index.ts";
import { everyStrategy } from "./every-strategy.ts";
import { killedTask as task } from "./killed-task.ts";
import { outcome } from "./planted-task.ts";

/** At the endpoint, with the number of the draw as its seed: an endpoint that repeats itself still gives draws that differ. */
function drawing(name: string): LanguageModel {
  const model = lm(name, { cache: false, abilities: { jsonSchema: true, logprobs: true } });
  const seeded = (request: LMRequest) => ({ ...request, seed: request.rollout });
  return {
    name,
    identity: model.identity,
    abilities: model.abilities,
    complete: (request, options) => model.complete(seeded(request), options),
    stream: (request, options) => model.stream(seeded(request), options),
  };
}

const [name = "", journal] = process.argv.slice(2);
const model = drawing("tickets");
currentLM.set(model);
const options = { metric: task.metric, seed: 4, promptModel: drawing("ticket proposer"), predictor: "route" };
const search = { ...task.splits, budget: { rollouts: 300 }, concurrency: task.concurrency, journal };
const found =
  name === "retune"
    ? (
        await retune(task.program(), {
          ...search,
          from: model,
          to: drawing("other tickets"),
          optimizer: everyStrategy.GEPA!(options),
          test: task.unseen,
        })
      ).optimization
    : await everyStrategy[name]!(options).compile(task.program(), search);
process.stdout.write(JSON.stringify(outcome(found)));
