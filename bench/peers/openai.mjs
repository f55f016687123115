// One call of OpenAI's own client, with no toolkit around it, of the request that a toolkit would send: prints
// milliseconds, as programs/predict-call.ts does.
import OpenAI from "openai";
import { callBatches } from "./call-batches.mjs";

const [batches, calls, warm, baseURL, body] = process.argv.slice(3);
const client = new OpenAI({ baseURL, apiKey: "none" });
const { messages, ...request } = JSON.parse(body);
const call = async (i) => {
  const asked = messages.map(({ role, content }) => ({ role, content: content.replace("0 + 2", `${i} + 2`) }));
  const answer = await client.chat.completions.create({ ...request, messages: asked });
  if (JSON.parse(answer.choices[0].message.content).answer !== "4") throw new Error("invalid answer");
};
console.log(JSON.stringify(await callBatches(call, [batches, calls, warm].map(Number))));
