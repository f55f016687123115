// Prints the 95th percentile of a call's milliseconds, as a mean over some rounds: [healthy endpoints alone or, with
// `troubled`, beside a slow, a failing, a rate-limited and a dying one]. Endpoints are stand-ins in this process.
import { startEndpoint } from "../../tests/support/faulty-endpoint.ts";
import { lmframe, scale } from "../package.ts";

const { OpenAIModel } = lmframe;
const { pool } = await scale();
const [rounds = 1, troubled = "no"] = process.argv.slice(2);
const delay = 100;
const calls = 1000;
const callers = 8;

async function round(): Promise<number> {
  const healthy = [await startEndpoint({ delay }), await startEndpoint({ delay })];
  let begun = 0;
  const limits = () =>
    ++begun % 3 === 0
      ? undefined
      : { status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow down" } } };
  const dying = await startEndpoint({ delay });
  const ill = [
    await startEndpoint({ delay: delay * 10 }),
    await startEndpoint({ delay, faults: { rate: 0.7, kinds: ["500", "cut", "empty"] } }),
    await startEndpoint({ delay, answer: limits }),
    dying,
  ];
  const members = troubled === "troubled" ? [...ill, ...healthy] : healthy;
  const fleet = pool(members.map(({ baseURL }) => new OpenAIModel({ baseURL, model: "m", apiKey: "none" })));
  const times: number[] = [];
  let sent = 0;
  const caller = async () => {
    while (sent < calls) {
      const content = `call ${sent++}`;
      if (sent === calls / 4) void dying.close();
      const started = performance.now();
      await fleet.complete({ messages: [{ role: "user", content }] });
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await Promise.all([...healthy, ...ill].map((endpoint) => endpoint.close()));
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
}

const found: number[] = [];
for (let index = 0; index < Number(rounds); index++) found.push(await round());
console.log(JSON.stringify(found));
process.exit();
