// Reads spoilt replies: prints how many were not read, how many were read as something else, and microseconds a reply.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { AnySignature } from "../../src/index.ts";
import { lmframe } from "../package.ts";
import type { SpoiltReply } from "./spoilt-replies.ts";

const { jsonAdapter, ParseError, signature } = lmframe;
const types: Record<string, string> = {
  answer: "str",
  label: "Literal['negative', 'neutral', 'positive']",
  amount: "int",
  price: "float",
  urgent: "bool",
  tags: "list[str]",
  note: "Optional[str]",
};
const lines = readFileSync(process.argv[2]!, "utf8").trim().split("\n");
const replies = lines.map((line) => JSON.parse(line) as SpoiltReply);
const signatures = new Map<string, AnySignature>();
for (const { fields } of replies) {
  const outputs = fields.map((name) => `${name}: ${types[name]}`).join(", ");
  signatures.set(String(fields), signature(`question -> ${outputs}`));
}

let [unread, wrong, spent] = [0, 0, 0];
for (const { fields, reply, cut, expected } of replies) {
  const wanted = signatures.get(String(fields))!;
  const started = performance.now();
  let found: Record<string, unknown> | undefined;
  try {
    found = jsonAdapter.parse(wanted, reply, { cut });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
  }
  spent += performance.now() - started;
  if (!found) unread++;
  else if (!isDeepStrictEqual(found, expected)) {
    wrong++;
    if (process.env.SHOW) console.error(JSON.stringify({ reply, cut, found, expected }));
  } else continue;
  if (process.env.SHOW_UNREAD && !found && !cut) console.error(JSON.stringify({ reply, expected }));
}
console.log(JSON.stringify([unread + wrong, wrong, (spent * 1000) / replies.length]));
