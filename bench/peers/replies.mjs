import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/**
 * Reads the spoilt replies of a file, as `programs/read-replies.ts` does. `reader` gives for some fields a function
 * that reads a reply and throws where it cannot.
 */
export async function readReplies(file, reader) {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const replies = lines.map((line) => JSON.parse(line));
  const readers = new Map();
  for (const { fields } of replies)
    if (!readers.has(String(fields))) readers.set(String(fields), reader(fields));
  let [unread, wrong, spent] = [0, 0, 0];
  for (const { fields, reply, expected } of replies) {
    const read = readers.get(String(fields));
    const started = performance.now();
    let found;
    try {
      found = await read(reply);
    } catch {
      found = undefined;
    }
    spent += performance.now() - started;
    if (!found) unread++;
    // A field that is left out is null.
    else if (!isDeepStrictEqual({ ...nulls(fields), ...found }, expected)) {
      wrong++;
      if (process.env.SHOW) console.error(JSON.stringify({ reply, found, expected }));
    }
  }
  return [unread + wrong, wrong, (spent * 1000) / replies.length];
}

const nulls = (fields) => Object.fromEntries(fields.includes("note") ? [["note", null]] : []);
