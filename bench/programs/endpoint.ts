// An OpenAI-compatible endpoint whose models answer as each toolkit likes to read it, after some milliseconds. Prints
// its address, and ends with its standard input.
import { startEndpoint } from "../../tests/support/faulty-endpoint.ts";

const fields = {
  reasoning: "The documents say so.",
  search_query: "query 17",
  answer: "4",
  citations: "[1]",
};
const written = Object.entries(fields);
const replies: Record<string, string> = {
  lmframe: JSON.stringify({ ...fields, citations: [1] }),
  dspy: [...written.map(([name, value]) => `[[ ## ${name} ## ]]\n${value}\n`), "[[ ## completed ## ]]"].join(
    "\n",
  ),
  ax: "Answer: 4",
  text: "4",
  search: "query 17",
};
const { baseURL } = await startEndpoint({
  models: Object.keys(replies),
  delay: Number(process.argv[2]),
  reply: ({ model }) => replies[model]!,
});
process.stdout.write(`${baseURL}\n`);
process.stdin.on("end", () => process.exit()).resume();
