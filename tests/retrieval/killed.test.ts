import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Document, Index } from "../../src/retrieval/index.ts";
import { hashingEmbedder } from "./hashing-embedder.ts";
import { indexFolder } from "./index-folder.ts";
import { firstState, nextState } from "./two-states.ts";

const directory = indexFolder();
const groups = ["mechanics"];
const principal = { id: "ana", groups };
const script = fileURLToPath(new URL("./killed-process.ts", import.meta.url));

/** Runs the change in a process of its own, to the point where it is killed. */
async function killed(name: string, action: "sync" | "compact", killAt: string): Promise<void> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, directory, name, action, killAt],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const signal = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (_, signal) => resolve(signal));
  });
  expect(signal).toBe("SIGKILL");
}

/** Everything the index holds, by each way there is to find it. */
async function holds(index: Index, state: readonly Document[]): Promise<void> {
  const expected = state.map(({ id, text, fields }) => ({ id, text, fields }));
  for (const mode of ["vector", "text"] as const) {
    const found = await index.search("engine", { principal, mode, k: 5000 });
    const list = found.map(({ id, text, fields }) => ({ id, text, fields }));
    expect(list.sort(byId)).toEqual([...expected].sort(byId));
  }
  expect(await index.count(principal)).toBe(state.length);
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

const steps = ["embed 1", "put 1", "before-put 2", "put 2", "put 3", "remove", "before-publish", "publish"];

let made = 0;

test.each(steps)(
  "a sync that is killed at %s has changed nothing, and the next makes it whole",
  async (step) => {
    const name = `synced-${++made}`;
    const index = await Index.create(name, { directory, embedder: hashingEmbedder() });
    await index.sync(firstState, { groups });
    await killed(name, "sync", step);
    expect(existsSync(join(directory, name, "writer.lock"))).toBe(true);
    await holds(index, firstState);
    await holds(await Index.open(name, { directory, embedder: hashingEmbedder() }), firstState);

    const change = await index.sync(nextState, { groups });
    expect(change).toMatchObject({ added: 900, updated: 300, deleted: 100, unchanged: 300, embedded: 1100 });
    await holds(index, nextState);
    expect(await index.sync(nextState, { groups })).toMatchObject({ unchanged: 1500, embedded: 0 });
  },
);

test.each(["embed 1", "before-put 1", "put 1", "put 2", "before-publish", "publish"])(
  "a first sync that is killed at %s leaves an empty index, and the next makes it whole",
  async (step) => {
    const name = `first-${++made}`;
    const index = await Index.create(name, { directory, embedder: hashingEmbedder() });
    await killed(name, "sync", step);
    await holds(index, []);
    expect(await index.sync(nextState, { groups })).toMatchObject({ added: 1500, deleted: 0 });
    await holds(index, nextState);
  },
);

test("a sync that is killed after its end has changed everything", async () => {
  const index = await Index.create("ended", { directory, embedder: hashingEmbedder() });
  await index.sync(firstState, { groups });
  await killed("ended", "sync", "end");
  await holds(index, nextState);
});

test("killed again and again, the last one makes it whole", async () => {
  const index = await Index.create("again", { directory, embedder: hashingEmbedder() });
  await index.sync(firstState, { groups });
  for (const step of steps) await killed("again", "sync", step);
  await holds(index, firstState);
  await index.sync(nextState, { groups });
  await holds(index, nextState);
  await index.compact();
  await holds(index, nextState);
});

test.each(["before-compact", "compact", "publish", "before-forget", "forget"])(
  "a compaction that is killed at %s loses nothing",
  async (step) => {
    const name = `compacted-${++made}`;
    const index = await Index.create(name, { directory, embedder: hashingEmbedder() });
    await index.sync(firstState, { groups });
    await index.sync(nextState, { groups });
    await killed(name, "compact", step);
    await holds(index, nextState);
    await holds(await Index.open(name, { directory, embedder: hashingEmbedder() }), nextState);
    await index.compact();
    await holds(index, nextState);
    expect(await index.sync(firstState, { groups })).toMatchObject({
      added: 100,
      updated: 300,
      deleted: 900,
    });
    await holds(index, firstState);
  },
);
