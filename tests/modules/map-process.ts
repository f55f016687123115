/**
 * Maps a file in a process that a test kills: `INPUT OUTPUT LOG STUCK_FROM`. Each text the model is asked goes to
 * LOG; from the STUCK_FROM-th question on the model never answers.
 */
import { appendFileSync } from "node:fs";
import { Dataset } from "../../src/data/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Predict } from "../../src/modules/index.ts";

const [input, output, log, stuckFrom] = process.argv.slice(2);
let asked = 0;
const lm = new FunctionModel(
  async (request) => {
    const text = /text: (\w+)/.exec(JSON.stringify(request.messages))![1]!;
    appendFileSync(log!, `${text}\n`);
    if (++asked >= Number(stuckFrom)) await new Promise((resolve) => setTimeout(resolve, 600_000));
    return JSON.stringify({ answer: text.toUpperCase() });
  },
  { name: "upper" },
);
const program = new Predict("text -> answer", { lm });
const run = async () => {
  await program.map(Dataset.scan(input!), { to: output!, concurrency: 4 });
};
void run();
