import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import type { Passage } from "../../src/modules/index.ts";
import { type Done, command, useFolder } from "./command.ts";

const folder = useFolder();
let home: string;
beforeEach(() => {
  home = join(folder.path, "home");
});

const run = (...args: string[]) => command(args, { cwd: folder.path, env: { LMFRAME_HOME: home } });
const json = ({ stdout }: Done) => JSON.parse(stdout) as Change & Found;

type Change = Record<string, unknown>;
interface Found {
  passages: Passage[];
}

const table = (rows: readonly (readonly [string, string])[]) =>
  ["entry,fault,remedy", ...rows.map(([entry, fault]) => `${entry},"${fault}",fixed ${entry}`)].join("\n");
const faults = [
  ["A1", "OIL LEAK AT LEFT ENGINE"],
  ["A2", "NOSE TIRE WORN"],
  ["A3", "LANDING LIGHT BURNED OUT"],
] as const;

describe("lmframe index", () => {
  test("indexes a table, then only what changed, and with --sync forgets what is gone", async () => {
    folder.write("log.csv", table(faults));
    const args = ["index", "log.csv", "--to", "log", "--group", "mechanics", "--text", "fault", "--json"];
    const first = await run(...args);
    expect([first.code, json(first)]).toEqual([
      0,
      {
        ...{ added: 3, updated: 0, deleted: 0, unchanged: 0, failed: 0, embedded: 3, empty: 0, failures: [] },
        seconds: expect.any(Number),
        identity: { "log.csv": { column: "entry" } },
      },
    ]);
    expect(json(await run(...args))).toMatchObject({ added: 0, unchanged: 3, embedded: 0 });

    folder.write("changed.csv", table([faults[0], ["A2", "NOSE TIRE FLAT"], ["A4", "SEAT LOOSE"]]));
    const changed = ["index", "changed.csv", ...args.slice(2)];
    expect(json(await run(...changed))).toMatchObject({
      ...{ added: 1, updated: 1, deleted: 0, unchanged: 1, embedded: 2 },
    });
    expect(json(await run(...changed, "--sync"))).toMatchObject({ deleted: 1, unchanged: 3, embedded: 0 });
  });

  test("tells in words what it did, and what could not be read; the rest is in the index", async () => {
    folder.write("log.csv", table(faults));
    folder.write("broken.pdf", "no pdf");
    const { code, stdout, stderr } = await run(
      ...["index", "broken.pdf", "log.csv", "--to", "log", "--group", "mechanics", "--text", "fault"],
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /log\.csv: rows are named by "entry"\nlog: 3 added, 0 updated, 0 deleted, 0 unchanged; 3 embedded in/,
    );
    expect(stderr).toMatch(/lmframe: broken\.pdf: Invalid PDF/);
  });

  test("makes an index with the embedder that is named, and goes on with it", async () => {
    folder.write("log.csv", table(faults));
    const args = ["index", "log.csv", "--to", "log", "--group", "mechanics", "--text", "fault"];
    expect((await run(...args, "--embedder", "words")).code).toBe(0);
    expect(await run(...args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/3 unchanged/) });
    const other = await run(...args, "--embedder", "sentences");
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/made with the embedder words/)]);
  });

  test("deletes nothing with --sync where a file cannot be read", async () => {
    folder.write("log.csv", table(faults));
    folder.write("notes.md", "# Oil\nChange the oil.");
    const args = ["index", "log.csv", "notes.md", "--to", "log", "--group", "mechanics", "--text", "fault"];
    expect((await run(...args)).code).toBe(0);
    folder.write("log.csv", 'entry,fault\nA1,"never closed');
    const { code, stderr } = await run(...args, "--sync");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/log\.csv/)]);
    expect(json(await run("search", "log", "tire", "--as", "mechanics", "--json")).passages).toHaveLength(4);
  });

  test.each<[string[], RegExp]>([
    [["log.csv", "--to", "log"], /required option '--group/],
    [["log.csv", "--group", "g"], /required option '--to/],
    [["log.csv", "--to", "../log", "--group", "g"], /invalid name of an index/],
    [["log.csv", "--to", "log", "--group", ""], /invalid group/],
    [["log.csv", "--to", "log", "--group", "g", "--text", "falt"], /did you mean "fault"/],
    [["log.csv", "--to", "log", "--group", "g", "--text", "fault", "--id", "kind"], /no such column/],
    [["log.csv", "--to", "log", "--group", "g", "--chunk-tokens", "5"], /at least 20/],
    [["lag.csv", "--to", "log", "--group", "g"], /did you mean "log.csv"/],
  ])("%j is an error that says what to do", async (args, message) => {
    folder.write("log.csv", table(faults));
    const { code, stderr } = await run("index", ...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("lmframe search", () => {
  beforeEach(async () => {
    folder.write("log.csv", table(faults));
    await run("index", "log.csv", "--to", "log", "--group", "mechanics", "--text", "fault");
  });

  test.each(["vector", "text", "hybrid"])(
    "finds by %s what the group may see, with its fields",
    async (mode) => {
      const found = await run("search", "log", "oil leak", "--as", "mechanics", "--mode", mode, "--json");
      expect(found.code).toBe(0);
      expect(json(found).passages[0]).toMatchObject({
        id: "A1",
        text: "OIL LEAK AT LEFT ENGINE",
        source: { file: "log.csv", row: 1 },
        fields: { entry: "A1", remedy: "fixed A1" },
      });
      const other = await run("search", "log", "oil leak", "--as", "pilots", "--mode", mode, "--json");
      expect([other.code, json(other).passages]).toEqual([0, []]);
    },
  );

  test("shows a table, in which no document moves the cursor, and notes who asked", async () => {
    folder.write("hostile.csv", "id,text\nB1,oil \u001b[2J\u202e leak");
    await run("index", "hostile.csv", "--to", "log", "--group", "pilots");
    const { stdout } = await run("search", "log", "oil", "--as", "pilots", "--as", "mechanics", "--k", "2");
    expect(stdout).toMatch(/SCORE +ID +SOURCE +TEXT\n1 .*\n2 /);
    expect(stdout).toContain("hostile.csv, row 1");
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    expect((await run("search", "log", "oil", "--as", "nobody")).stdout).toBe("nothing found\n");
    expect(readFileSync(join(home, "indexes/log/audit.jsonl"), "utf8")).toContain('"nobody"');
  });

  test.each<[string[], RegExp]>([
    [["log", "oil"], /required option '--as/],
    [["lok", "oil", "--as", "mechanics"], /no index "lok"; did you mean "log"/],
    [["log", "oil", "--as", "mechanics", "--mode", "magic"], /vector, text, hybrid/],
    [["log", "oil", "--as", "mechanics", "--k", "0"], /at least 1/],
  ])("%j is an error that says what to do", async (args, message) => {
    const { code, stderr } = await run("search", ...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });
});

const logbook = fileURLToPath(new URL("../../../shared/data/maintenance_logbook.csv", import.meta.url));

test("a real logbook is indexed whole; again nothing is embedded; ten rows changed, ten are updated", async ({
  skip,
}) => {
  if (!existsSync(logbook)) return skip("no ../shared/data/maintenance_logbook.csv here");
  const args = ["--to", "logbook", "--group", "mechanics", "--text", "problem", "--json"];
  expect(json(await run("index", logbook, ...args))).toMatchObject({
    ...{ added: 4500, failed: 0, embedded: 4500 },
  });
  expect(json(await run("index", logbook, ...args))).toMatchObject({
    ...{ added: 0, updated: 0, unchanged: 4500, embedded: 0 },
  });

  const lines = readFileSync(logbook, "utf8").split("\n");
  for (let row = 100; row < 110; row++) lines[row] = lines[row]!.replace(/^(\d+),"?/, "$&TEN TIMES ");
  folder.write("changed.csv", lines.join("\n"));
  expect(json(await run("index", "changed.csv", ...args, "--sync"))).toMatchObject({
    ...{ added: 0, updated: 10, deleted: 0, unchanged: 4490, embedded: 10 },
  });

  const found = await run("search", "logbook", "oil leak left engine", "--as", "mechanics", "--json");
  for (const { fields } of json(found).passages) expect(fields).toHaveProperty("action");
}, 300_000);
