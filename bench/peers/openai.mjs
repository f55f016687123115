// One call of OpenAI's own client, with no toolkit around it: prints milliseconds, as programs/predict-call.ts does.
import OpenAI from "openai";
import { callBatches } from "./call-batches.mjs";

const [batches, calls, warm, baseURL] = process.argv.slice(3);
const client = new OpenAI({ baseURL, apiKey: "none" });
const call = async (i) => {
  const content = `Answer the question.\n\nWhat is ${i} + 2?`;
  const answer = await client.chat.completions.create({
    model: "text",
    messages: [{ role: "user", content }],
  });
  if (answer.choices[0].message.content !== "4") throw new Error("invalid answer");
};
console.log(JSON.stringify(await callBatches(call, [batches, calls, warm].map(Number))));
