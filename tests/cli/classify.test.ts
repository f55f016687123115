import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../../src/services/process.ts";
import { type EndpointScript, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, messages, readSentiment, startCommand, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint;
afterEach(() => endpoint.close());

const key = "sk-test-0123456789abcdef0123456789";

async function environment(script: EndpointScript): Promise<NodeJS.ProcessEnv> {
  endpoint = await startEndpoint({ key, ...script });
  return { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: key, OPENAI_MODEL: "test-model" };
}

const classify = ["classify", "messages.csv", "--text", "text", "--label", "sentiment", "--seed", "7"];

describe("classify", () => {
  test("prints one object, and everything else to standard error", async () => {
    const env = await environment({ reply: readSentiment });
    folder.write("messages.csv", messages(60));
    const done = await command(
      [...classify, "--limit", "50", "--report", "out/report.html", "--no-track", "--json", "--budget", "60"],
      { cwd: folder.path, env },
    );
    expect(done.stderr).toContain("evaluate before");
    expect(done.code).toBe(0);
    const found = JSON.parse(done.stdout);
    expect(found.rows).toEqual({ train: 25, val: 10, test: 15 });
    // One in five reads the other way round, so of 15 rows some are wrong and most are right.
    expect(found.before).toEqual({
      accuracy: 11 / 15,
      macroF1: expect.closeTo(0.732, 3),
      unreadable: 0,
      errors: 0,
    });
    expect(found.after).toEqual({ ...found.before, kept: true });
    expect(found).toMatchObject({ run: null, report: join(folder.path, "out/report.html") });
    expect(found.comparison.verdict).toContain("No difference");
    expect(found.calls).toBeGreaterThanOrEqual(15 + 10);
    expect(found.seconds).toBeGreaterThan(0);
    expect(readFileSync(found.report, "utf8")).toContain("sentiment of text");
    expect(done.stdout + done.stderr).not.toContain(key);
  });

  test("says in words what it found, and saves a program that maps", async () => {
    // It reads right only what it has seen an example of.
    const reply: EndpointScript["reply"] = (request) =>
      request.messages.some(({ role }) => role === "assistant")
        ? readSentiment(request)
        : '{"sentiment": "negative"}';
    const env = await environment({ reply });
    folder.write("messages.csv", messages(60));
    const done = await command(
      [...classify, "--no-track", "--optimizer", "labeled", "--save", "saved/classifier.json"],
      { cwd: folder.path, env },
    );
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^rows {5}30 to learn from, 12 to choose by, 18 to test on$/m);
    expect(done.stdout).toMatch(/^before {3}accuracy 0\.5\d\d /m);
    expect(done.stdout).toMatch(/^after {4}accuracy 0\.[789]\d\d /m);
    expect(done.stdout).toMatch(/95 % interval/);
    const mapped = await command(["map", "saved/classifier.json", "messages.csv", "out.jsonl"], {
      cwd: folder.path,
      env,
    });
    expect(mapped).toMatchObject({ code: 0, stdout: "out.jsonl\n" });
    const rows = readFileSync(join(folder.path, "out.jsonl"), "utf8").trim().split("\n");
    expect(rows).toHaveLength(60);
    expect(JSON.parse(rows[1]!)).toMatchObject({
      sentiment: "negative",
      predicted_sentiment: "negative",
      error: null,
    });
  });

  test("without an optimizer scores once", async () => {
    const env = await environment({ reply: readSentiment });
    folder.write("messages.csv", messages(40));
    const done = await command([...classify, "--optimizer", "none", "--no-track", "--json"], {
      cwd: folder.path,
      env,
    });
    const found = JSON.parse(done.stdout);
    expect(found.after).toEqual({ ...found.before, kept: true });
    expect(found).toMatchObject({ calls: 12, rows: { test: 12 }, report: null, run: null });
    expect(endpoint.calls).toHaveLength(12);
  });

  test("leaves out rows without a text or a label, and says how many", async () => {
    const env = await environment({ reply: readSentiment });
    folder.write("messages.csv", `${messages(20)}\n,positive\n"  ",positive\nno label,\n`);
    const done = await command([...classify, "--optimizer", "none", "--no-track", "--json"], {
      cwd: folder.path,
      env,
    });
    expect(done.stderr).toContain("3 of 23 rows have no text or no label and were left out");
    const { train, val, test } = JSON.parse(done.stdout).rows;
    expect(train + val + test).toBe(20);
  });

  test.for([
    { args: ["--text", "txt"], says: /column "txt": there is no such column; did you mean "text"/ },
    { args: ["--label", "text"], says: /cannot hold both the text and the label/ },
    { args: ["--optimizer", "magic"], says: /Allowed choices are random-search, .*none/ },
    { args: ["--limit", "ten"], says: /expected a whole number of at least 10, found "ten"/ },
    { args: ["--timeout", "0"], says: /expected a number above 0, found "0"/ },
  ])("refuses $args and says why", async ({ args, says }) => {
    const env = await environment({});
    folder.write("messages.csv", messages(20));
    const done = await command([...classify, ...args, "--json"], { cwd: folder.path, env });
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(says);
    expect(done.stderr).not.toMatch(/^ +at /m);
    expect(endpoint.calls).toHaveLength(0);
  });

  test("ends with an error where the endpoint takes no call, and shows no key", async () => {
    const env = await environment({ key: "another" });
    folder.write("messages.csv", messages(40));
    const done = await command([...classify, "--json"], { cwd: folder.path, env });
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(/the test rows could not be scored: .*does not accept the key/);
    expect(done.stderr).not.toContain(key);
    expect(done.stderr).not.toContain(key.slice(3));
  });
});

describe("30 % of calls failing", () => {
  test("lose no row and change no score", async () => {
    folder.write("messages.csv", messages(60));
    const args = [...classify, "--no-track", "--json", "--budget", "100", "--timeout", "1"];
    const calm = await command(args, {
      cwd: folder.path,
      env: await environment({ reply: readSentiment }),
    });
    await endpoint.close();
    const env = await environment({ reply: readSentiment, faults: { rate: 0.3, seed: 3 } });
    const stormy = await command(args, { cwd: folder.path, env });
    const kinds = new Set(endpoint.calls.map(({ fault }) => fault));
    expect([...kinds].filter(Boolean).sort()).toEqual(["429", "500", "cut", "empty", "hang", "notjson"]);
    expect(stormy).toMatchObject({ code: 0 });
    const [without, withFaults] = [calm, stormy].map(({ stdout }) => JSON.parse(stdout));
    for (const member of ["rows", "before", "after", "comparison"])
      expect(withFaults[member]).toEqual(without[member]);
    expect(withFaults).toMatchObject({
      rows: { test: 18 },
      before: { errors: 0, unreadable: 0 },
      after: { errors: 0, unreadable: 0 },
    });
  });
});

describe("Ctrl-C", () => {
  test("stops, keeps the journal, and the same command goes on from it", async () => {
    const env = await environment({ reply: readSentiment, delay: 40 });
    folder.write("messages.csv", messages(60));
    const args = [...classify, "--no-track", "--json", "--journal", "search.jsonl", "--concurrency", "2"];
    const { child, done } = startCommand([...args, "--budget", "100"], { cwd: folder.path, env });
    const journal = join(folder.path, "search.jsonl");
    const journaled = () => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length : 0);
    while (journaled() < 12) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect(await done).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringMatching(/stopping\n.*stopped\. The search is kept in search\.jsonl/s),
    });
    const kept = journaled();
    expect(readFileSync(journal, "utf8")).not.toContain(key);
    expect(kept).toBeGreaterThanOrEqual(12);
    const before = endpoint.calls.length;
    const again = await command([...args, "--budget", "100"], { cwd: folder.path, env });
    expect(again).toMatchObject({ code: 0 });
    const paidAgain = endpoint.calls.length - before;
    const whole = await command([...args.slice(0, -4), "--budget", "100"], { cwd: folder.path, env });
    const paidInAll = endpoint.calls.length - before - paidAgain;
    const [resumed, uninterrupted] = [again, whole].map(({ stdout }) => JSON.parse(stdout));
    expect(resumed.after).toEqual(uninterrupted.after);
    expect(paidAgain).toBeLessThanOrEqual(paidInAll - (kept - 3));
  });
});

describe("MLflow away", () => {
  test("costs the result nothing, and says how to send it", async () => {
    const env = await environment({ reply: readSentiment });
    folder.write("messages.csv", messages(40));
    const done = await command([...classify, "--optimizer", "none", "--json"], {
      cwd: folder.path,
      env: {
        ...env,
        LMFRAME_HOME: join(folder.path, "home"),
        MLFLOW_TRACKING_URI: `http://someone:hidden-word@127.0.0.1:${await freePort()}`,
      },
    });
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.stdout)).toMatchObject({ run: null, before: { errors: 0 } });
    expect(done.stderr).toMatch(/waits on disk, and `lmframe sync`/);
    expect(done.stdout + done.stderr).not.toContain("hidden-word");
  });
});
