// Serves a classifier whose model is at an endpoint, and prints its address. Ends with its standard input.
import { lmframe, serving } from "../package.ts";

const { lm, Predict } = lmframe;
const { FeedbackLog, serve } = await serving();
const model = lm("lmframe", { baseURL: process.argv[2]!, apiKey: "none", cache: false });
const program = new Predict("question -> answer", { lm: model });
// As many at once as the model takes.
const { url } = await serve(program, {
  port: 0,
  limits: { concurrency: 512 },
  feedback: new FeedbackLog(process.argv[3]),
});
process.stdout.write(`${url}\n`);
process.stdin.on("end", () => process.exit()).resume();
