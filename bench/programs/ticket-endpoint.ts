// The planted task behind an OpenAI-compatible endpoint, in a process of its own. Prints its address, and for each line
// that it reads the calls so far by model.
import { createInterface } from "node:readline";
import { plantedTasks } from "../../tests/optimizers/planted-tasks.ts";
import { startEndpoint } from "../../tests/support/faulty-endpoint.ts";

const { task } = plantedTasks.all;
const delay = Number(process.argv[2]);
const calls: Record<string, number> = {};
const draws = new Map<string, number>();
const endpoint = await startEndpoint({
  models: ["task", "proposer", "test"],
  delay,
  answer: ({ model, messages, temperature, n = 1 }) => {
    calls[model] = (calls[model] ?? 0) + 1;
    const asked = JSON.stringify(messages);
    const choices = Array.from({ length: n }, (_, index) => {
      // The wire tells draws that are alike apart only by their order.
      const rollout = draws.get(asked) ?? 0;
      if (Number(temperature) > 0) draws.set(asked, rollout + 1);
      const request = { messages, temperature: Number(temperature ?? 0), rollout };
      const content = model === "proposer" ? task.propose(request) : task.reply(request);
      return { index, finish_reason: "stop", message: { role: "assistant", content } };
    });
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    return {
      status: 200,
      body: { id: "chatcmpl-1", object: "chat.completion", created: 0, model, choices, usage },
    };
  },
});
process.stdout.write(`${endpoint.baseURL}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "calls") break;
  process.stdout.write(`${JSON.stringify(calls)}\n`);
}
process.exit();
