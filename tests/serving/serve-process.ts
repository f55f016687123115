// Serves a program whose model answers at once; tells its address, and for each line that it reads the bytes of heap
// that are alive. Started with --expose-gc.
import { createInterface } from "node:readline";
import { FunctionModel } from "../../src/lm/index.ts";
import { Predict } from "../../src/modules/index.ts";
import { FeedbackLog, serve } from "../../src/serving/index.ts";

const program = new Predict("text -> label: Literal['positive', 'negative']", {
  lm: new FunctionModel(() => '{"label": "negative"}'),
});
const { url } = await serve(program, { port: 0, feedback: new FeedbackLog(process.argv[2]) });
process.stdout.write(`${url}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  // What finalisers free is gone after the second.
  for (let i = 0; i < 3; i++) {
    gc!();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stdout.write(`${process.memoryUsage().heapUsed}\n`);
}
process.exit();
