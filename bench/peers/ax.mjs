// ax's side of the rows: prints a JSON list of numbers, each as its counterpart in programs/ does.
import { setTimeout } from "node:timers/promises";
import { ai, ax, AxMockAIService, f } from "@ax-llm/ax";
import { callBatches } from "./call-batches.mjs";
import { readReplies } from "./replies.mjs";

/** A model in this process that gives one answer after some milliseconds. */
function engine(content, wait = 0) {
  const chatResponse = async () => {
    if (wait > 0) await setTimeout(wait);
    return { results: [{ index: 0, content, finishReason: "stop" }] };
  };
  return new AxMockAIService({ features: { functions: false, streaming: false }, chatResponse });
}

const rows = {
  async "predict-call"(batches, calls, warm, apiURL) {
    const model = apiURL
      ? ai({ name: "openai", apiKey: "none", apiURL, config: { model: "ax", stream: false } })
      : engine("Answer: 4");
    const predict = ax("question:string -> answer:string");
    const call = async (i) => {
      const { answer } = await predict.forward(model, { question: `What is ${i} + 2?` }, { stream: false });
      if (answer !== "4") throw new Error(`invalid answer: ${answer}`);
    };
    return callBatches(call, [batches, calls, warm].map(Number));
  },

  /** ax has no evaluation of rows side by side: so many loops, which take the next row each, are what a user writes. */
  async "evaluate-rows"(concurrency, runs) {
    const classify = ax('review:string -> label:class "positive, negative"');
    const examples = Array.from({ length: 2000 }, (_, i) => ({
      review: `Flight ${i} was late.`,
      label: "negative",
    }));
    const evaluate = async (model) => {
      let [next, right] = [0, 0];
      const loop = async () => {
        while (next < examples.length) {
          const { review, label } = examples[next++];
          const answer = await classify.forward(model, { review }, { stream: false });
          if (answer.label === label) right++;
        }
      };
      await Promise.all(Array.from({ length: Number(concurrency) }, loop));
      if (right !== examples.length) throw new Error(`invalid score: ${right} of ${examples.length}`);
    };
    await evaluate(engine("Label: negative"));
    const found = [];
    for (let i = 0; i < Number(runs); i++) {
      const started = performance.now();
      await evaluate(engine("Label: negative", 50));
      found.push(performance.now() - started);
    }
    return found;
  },

  /** ax reads a reply only as part of a call. As JSON, which it asks for where outputs are structured. */
  async "read-replies"(file) {
    let content = "";
    const chatResponse = async () => ({ results: [{ index: 0, content, finishReason: "stop" }] });
    const features = { functions: false, streaming: false, structuredOutputs: true };
    const model = new AxMockAIService({ features, chatResponse });
    const types = {
      answer: f.string(),
      label: f.class(["negative", "neutral", "positive"]),
      amount: f.number(),
      price: f.number(),
      urgent: f.boolean(),
      tags: f.string().array(),
      note: f.string().optional(),
    };
    return readReplies(file, (fields) => {
      const signature = f().input("question", f.string());
      for (const name of fields) signature.output(name, types[name]);
      const read = ax(signature.useStructured().build());
      return (reply) => {
        content = reply;
        return read.forward(model, { question: "What?" }, { stream: false, maxRetries: 0 });
      };
    });
  },
};

const [row, ...args] = process.argv.slice(2);
console.log(JSON.stringify(await rows[row](...args)));
