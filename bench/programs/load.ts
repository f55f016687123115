// Asks a server of MLflow's scoring protocol by so many clients at once for some seconds, each the next thing as soon
// as it has an answer: prints the median of their milliseconds, milliseconds of all for each answer, the per cent
// unanswered, and the milliseconds within which 95 per cent were answered. A client that has waited for 30 seconds gives
// up.
import { Agent, request } from "node:http";
import { median } from "../row.ts";

const url = `${process.argv[2]!}/invocations`;
const [clients, seconds] = process.argv.slice(3).map(Number) as [number, number];
const agent = new Agent({ keepAlive: true, maxSockets: clients });
let [asked, answered] = [0, 0];
const times: number[] = [];

function ask(): Promise<boolean> {
  const body = JSON.stringify({ dataframe_records: [{ question: `What is ${asked++} + 2?` }] });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(url, { method: "POST", agent, headers, timeout: 30_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(response.statusCode === 200 && text.includes('"4"')));
      response.on("error", () => resolve(false));
    });
    sent.on("timeout", () => sent.destroy()).on("error", () => resolve(false));
    sent.end(body);
  });
}

async function client(until: number): Promise<void> {
  while (performance.now() < until) {
    const started = performance.now();
    if (!(await ask())) continue;
    answered++;
    times.push(performance.now() - started);
  }
}

await ask();
asked = 0;
const started = performance.now();
const until = started + seconds * 1000;
await Promise.all(Array.from({ length: clients }, () => client(until)));
const spent = performance.now() - started;
const unanswered = 100 * (1 - answered / asked);
// Where nobody was answered, at least so long.
if (answered === 0) times.push(spent);
const within95 = times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1]!;
console.log(JSON.stringify([median(times), spent / Math.max(1, answered), unanswered, within95]));
agent.destroy();
