// Does one round at the endpoint of the environment, over the folder it is given; prints how it ended and what answers then.
import { join } from "node:path";
import { connect } from "../../../src/lm/index.ts";
import { RandomSearch } from "../../../src/optimizers/index.ts";
import { FeedbackLog, SelfImprovingPipeline } from "../../../src/serving/index.ts";
import { TicketTask } from "../../optimizers/planted-tickets.ts";

await connect({ cache: false });
const folder = process.argv[2]!;
const task = new TicketTask({ shares: { jargon: 0.4 } });
const pipeline = await SelfImprovingPipeline.open(task.program(), {
  optimizer: new RandomSearch({ metric: task.metric, numCandidates: 1, maxLabeledDemos: 8 }),
  folder: join(folder, "improvement"),
  feedback: new FeedbackLog(join(folder, "feedback.jsonl")),
  concurrency: 4,
});
const round = await pipeline.improve();
const { demos } = pipeline.predictors().get("self")!.state;
process.stdout.write(
  JSON.stringify({ outcome: round?.outcome, duel: round?.duel, version: pipeline.version, demos }),
);
