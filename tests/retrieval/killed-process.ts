/**
 * Changes an index in a process that kills itself: `DIRECTORY NAME ACTION KILL_AT`, where ACTION is `sync` or
 * `compact` and KILL_AT names a step of the change, and with a number which time it is taken: `put 2`.
 */
import { PartitionWriter } from "../../src/retrieval/store/partition-writer.ts";
import { Index } from "../../src/retrieval/index.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { nextState } from "./two-states.ts";

const [directory, name, action, killAt] = process.argv.slice(2);
const [step, time = "1"] = killAt!.split(" ");
const die = () => process.kill(process.pid, "SIGKILL");

let left = Number(time);
/** Takes the step, and dies before it or once it was taken. */
const around = <A extends unknown[], R>(name: string, take: (...args: A) => Promise<R>) =>
  async function (this: unknown, ...args: A): Promise<R> {
    if (step === `before-${name}` && --left === 0) die();
    const result = await take.apply(this, args);
    if (step === name && --left === 0) die();
    return result;
  };

const writer = PartitionWriter.prototype;
/* eslint-disable @typescript-eslint/unbound-method -- put back with their receiver by `around` */
writer.put = around("put", writer.put);
writer.remove = around("remove", writer.remove);
writer.publish = around("publish", writer.publish);
writer.compact = around("compact", writer.compact);
writer.forgetBefore = around("forget", writer.forgetBefore);
/* eslint-enable @typescript-eslint/unbound-method */

const embedder = hashingEmbedder();
embedder.embed = around("embed", embedder.embed);

async function run(): Promise<void> {
  const index = await Index.open(name!, { directory: directory!, embedder });
  if (action === "sync") await index.sync(nextState, { groups: ["mechanics"] });
  else await index.compact();
  if (step === "end") die();
}
void run();
