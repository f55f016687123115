// Asks a server of MLflow's scoring protocol by so many clients at once, each the next thing as soon as it has an
// answer: prints the median of their milliseconds, milliseconds of all for each answer, and the per cent unanswered.
import { Agent, request } from "node:http";
import { median } from "../row.ts";

const url = `${process.argv[2]!}/invocations`;
const [clients, rounds] = process.argv.slice(3).map(Number) as [number, number];
const agent = new Agent({ keepAlive: true, maxSockets: clients });
let [asked, answered] = [0, 0];
const times: number[] = [];

function ask(): Promise<boolean> {
  const body = JSON.stringify({ dataframe_records: [{ question: `What is ${asked++} + 2?` }] });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(url, { method: "POST", agent, headers, timeout: 120_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(response.statusCode === 200 && text.includes('"4"')));
      response.on("error", () => resolve(false));
    });
    sent.on("timeout", () => sent.destroy()).on("error", () => resolve(false));
    sent.end(body);
  });
}

async function client(): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    if (!(await ask())) continue;
    answered++;
    times.push(performance.now() - started);
  }
}

await ask();
const started = performance.now();
await Promise.all(Array.from({ length: clients }, client));
const spent = performance.now() - started;
const unanswered = 100 * (1 - answered / (clients * rounds));
console.log(JSON.stringify([median(times), spent / answered, unanswered]));
agent.destroy();
