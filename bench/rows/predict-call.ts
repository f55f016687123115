import { beside, dspy, javascriptPeer, names, program } from "../process.ts";
import type { Peer, Row } from "../row.ts";

/** Batches, calls in each, calls to warm up. */
type Sizes = readonly [number, number, number];

/** One call of one predictor whose model is a function in the process: what the toolkit itself costs. */
export const predictCall: Row = inProcess();

function inProcess(): Row {
  const sizes = (quick: boolean): Sizes => [quick ? 10 : 40, 200, 1000];
  return {
    name: "one Predict call, in-process model",
    unit: "ms",
    measure: (quick) => program("predict-call", ...sizes(quick)),
    peers: [
      { name: names.dspy, aim: 0.25, measure: (quick) => dspy("predict-call", ...sizes(quick)) },
      {
        name: names.ax,
        aim: 0.25,
        measure: (quick) => javascriptPeer("ax", "predict-call", ...sizes(quick)),
      },
      {
        name: names.langchain,
        aim: 0.25,
        measure: (quick) => javascriptPeer("langchain", "predict-call", ...sizes(quick)),
      },
    ],
  };
}

/** One call over HTTP to an endpoint on this machine that answers at once. */
export const httpCall: Row = {
  name: "one Predict call over HTTP, cache off",
  unit: "ms",
  measure: (quick) => overHttp(quick, (...args) => program("predict-call", ...args)),
  peers: [
    {
      name: names.openai,
      aim: 1.1,
      measure: async (quick) => {
        const body = await requestOfOurs();
        return overHttp(quick, (...args) => javascriptPeer("openai", "predict-call", ...args, body));
      },
    },
    httpPeer(names.dspy, 1, (...args) => dspy("predict-call", ...args)),
    httpPeer(names.ax, 1, (...args) => javascriptPeer("ax", "predict-call", ...args)),
    httpPeer(names.langchain, 1, (...args) => javascriptPeer("langchain", "predict-call", ...args)),
  ],
};

type Run = (...args: (string | number)[]) => number[];

function httpPeer(name: string, aim: number, run: Run): Peer {
  return { name, aim, measure: (quick) => overHttp(quick, run) };
}

const overHttp = (quick: boolean, run: Run, ...more: string[]) =>
  beside("endpoint", [0], (address) => run(quick ? 8 : 30, 200, 500, address, ...more));

/** One call whose question was asked before: from the cache in memory. */
export const cachedCall: Row = {
  name: "one cached Predict call",
  unit: "ms",
  measure: (quick) => overHttp(quick, (...args) => program("predict-call", ...args), "cached"),
  peers: [
    {
      name: names.dspy,
      aim: 0.1,
      measure: (quick) => overHttp(quick, (...args) => dspy("predict-call", ...args), "cached"),
    },
  ],
};

/** The body of the request that our side sends. */
async function requestOfOurs(): Promise<string> {
  const { lmframe } = await import("../package.ts");
  let body = "";
  const fetch: typeof globalThis.fetch = (_, init) => {
    body = init!.body as string;
    const message = { role: "assistant", content: '{"answer": "4"}' };
    return Promise.resolve(Response.json({ choices: [{ index: 0, finish_reason: "stop", message }] }));
  };
  const model = lmframe.lm("lmframe", {
    baseURL: "http://127.0.0.1/v1",
    apiKey: "none",
    cache: false,
    fetch,
  });
  await new lmframe.Predict("question -> answer", { lm: model }).call({ question: "What is 0 + 2?" });
  return body;
}
