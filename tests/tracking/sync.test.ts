import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../../src/services/process.ts";
import { mlflow, sync } from "../../src/tracking/index.ts";
import type { Fate } from "./fault-proxy.ts";
import { everythingOf, realMlflow } from "./real-mlflow.ts";
import { sampleRecord } from "./sample-record.ts";

const server = realMlflow();
const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);

/** What is there after logging without a fault; keys differ from run to run. */
async function withoutKeys() {
  const runs = await everythingOf(server);
  return runs.map(({ tags, ...run }) => ({ ...run, tags: { ...tags, "lmframe.run_key": "key" } }));
}

async function picture() {
  await mlflow.log(sampleRecord);
  const whole = await withoutKeys();
  expect(whole).toHaveLength(3);
  return whole;
}

/** A closed port: nothing answers. */
let nobody: string;
beforeAll(async () => {
  nobody = `http://127.0.0.1:${await freePort()}`;
});

describe("a server that is away", () => {
  test("throughout, then sync, gives a complete run", async () => {
    const whole = await picture();
    await inOwnExperiment(async () => {
      process.env.MLFLOW_TRACKING_URI = nobody;
      warnings.mockClear();
      const logged = await mlflow.log(sampleRecord);
      expect(logged).toMatchObject({ spooled: true, runId: undefined, url: undefined });
      expect(JSON.stringify(warnings.mock.calls)).toMatch(
        /cannot be reached.*evaluation of Classify.*waits on disk/,
      );
      expect(await sync()).toMatchObject({ sent: [], waiting: [{ name: "evaluation of Classify" }] });
      expect(server.spooled()).toHaveLength(1);
      retarget(nobody, server.proxy.uri);

      const result = await sync();
      expect(result.waiting).toEqual([]);
      expect(result.sent).toMatchObject([{ key: logged.key, spooled: false }]);
      expect(await withoutKeys()).toEqual(whole);
      expect(server.spooled()).toEqual([]);
      expect(await sync()).toEqual({ sent: [], waiting: [] });
    });
  });

  test("while a run is under way costs the work nothing", async () => {
    process.env.MLFLOW_TRACKING_URI = nobody;
    const done = await mlflow.run("offline", async (run) => {
      for (let step = 0; step < 50; step++) run.metric("loss", step);
      await mlflow.log({ name: "offline child", metrics: { score: 1 } });
      return "worked";
    });
    expect(done).toMatchObject({ value: "worked", spooled: true });
    retarget(nobody, server.proxy.uri);
    expect((await sync()).waiting).toEqual([]);
    expect(await everythingOf(server)).toMatchObject([
      { name: "offline", status: "FINISHED", metrics: { loss: { length: 50 } } },
      { name: "offline child", parent: "offline", metrics: { score: [[0, 1]] } },
    ]);
  });

  test("before the parent is there, children wait, and follow it", async () => {
    process.env.MLFLOW_TRACKING_URI = nobody;
    const parent = await mlflow.log({ name: "parent" });
    await mlflow.log({ name: "child" }, { parent });
    retarget(nobody, server.proxy.uri);
    expect((await sync()).sent.map(({ name }) => name)).toEqual(["parent", "child"]);
    expect((await everythingOf(server)).map(({ parent }) => parent)).toEqual(["parent", undefined]);
  });

  test("the spool is private and holds no secret", async () => {
    process.env.MLFLOW_TRACKING_URI = nobody.replace("//", "//ann:spool-password@");
    process.env.ACME_API_KEY = "spool-api-key";
    warnings.mockClear();
    await mlflow.log({ name: "secret spool-api-key", params: { header: "Bearer abcdefgh12345678" } });
    delete process.env.ACME_API_KEY;
    const [name] = server.spooled();
    const path = join(server.home, "spool", name!);
    const text = readFileSync(path, "utf8");
    expect(text).toContain("[redacted]");
    for (const secret of ["spool-password", "spool-api-key", "abcdefgh12345678"]) {
      expect(text).not.toContain(secret);
      expect(JSON.stringify(warnings.mock.calls)).not.toContain(secret);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(server.home, "spool")).mode & 0o777).toBe(0o700);
  });

  test("what is for another server waits for that one, and sees no credentials of this one", async () => {
    process.env.MLFLOW_TRACKING_URI = nobody;
    await mlflow.log({ name: "for nobody" });
    process.env.MLFLOW_TRACKING_URI = server.proxy.uri;
    const { sent, waiting } = await sync();
    expect(sent).toEqual([]);
    expect(waiting[0]!.reason).toContain(nobody);
    expect(server.proxy.requests).toEqual([]);
  });
});

describe("sending that is cut", () => {
  test.each<[string, Fate, number]>([
    ["every fourth request, with the request lost", "refuse", 4],
    ["any request, with the answer lost", "lose", 1],
  ])(
    "at %s, and repeated leaves one run and each point once",
    async (_, fate, stride) => {
      const whole = await picture();
      const steps = server.proxy.requests.length;
      expect(steps).toBeGreaterThan(10);
      for (let cut = 0; cut < steps; cut += stride) {
        await inOwnExperiment(async () => {
          server.proxy.reset((_, index) => (index < cut ? "pass" : index === cut ? fate : 503));
          const logged = await mlflow.log(sampleRecord);
          // The last answer may be lost too.
          expect(logged.spooled).toBe(true);
          server.proxy.reset();
          expect((await sync()).waiting).toEqual([]);
          expect(await withoutKeys(), `cut at request ${cut}`).toEqual(whole);
          expect(server.spooled()).toEqual([]);
        });
      }
    },
    240_000,
  );

  test("by kill -9, and repeated leaves one run and each point once", async () => {
    const whole = await picture();
    const steps = server.proxy.requests.length;
    for (const cut of [1, 2, 5, steps - 1]) {
      await inOwnExperiment(async () => {
        server.proxy.reset(() => 503);
        await mlflow.log(sampleRecord);
        const child = syncInChild();
        await new Promise<void>((resolve) => {
          // The server does the request; the process dies before it hears of it.
          server.proxy.reset((_, index) => {
            if (index < cut) return "pass";
            resolve();
            return "hang";
          });
          child.run();
        });
        await pause(100);
        await child.kill();
        expect(server.spooled()).toHaveLength(1);
        server.proxy.reset();
        expect((await sync()).waiting).toEqual([]);
        expect(await withoutKeys(), `killed at request ${cut}`).toEqual(whole);
        expect(await sync()).toEqual({ sent: [], waiting: [] });
      });
    }
  }, 240_000);

  test("while a request to make the run was still under way leaves no twin", async () => {
    server.proxy.reset((line) => (line.includes("log-batch") ? 503 : "pass"));
    const logged = await mlflow.log({ name: "twin", metrics: { a: 1 } });
    // As if the first request had been given up, and arrived after a second one had made the run.
    const experimentId = (await server.client.findExperiment(server.experiment))!;
    const [file] = server.spooled();
    const path = join(server.home, "spool", file!);
    const text = readFileSync(path, "utf8");
    const trying = text.split("\n").find((line) => line.includes('"trying"'))!;
    appendFileSync(path, `${trying}\n`);
    await server.client.createRun({
      experimentId,
      name: "twin",
      startedAt: 1,
      tags: { "lmframe.run_key": logged.key },
    });
    server.proxy.reset();
    await sync();
    expect(await everythingOf(server)).toMatchObject([{ name: "twin", metrics: { a: [[0, 1]] } }]);
  });

  test("a run whose process was killed is ended as such, with what it had logged", async () => {
    const child = spawnTs(`
      import { mlflow } from "${tracking}index.ts";
      await mlflow.run("killed", async (run) => {
        run.metric("loss", 1);
        await run.flush();
        run.metric("loss", 2);
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => {});
      });`);
    await child.ended;
    expect((await sync()).waiting).toEqual([]);
    const [run, ...more] = await everythingOf(server);
    expect(more).toEqual([]);
    expect(run).toMatchObject({ name: "killed", status: "KILLED" });
    expect(run!.metrics.loss).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test("two syncs at once send each run once", async () => {
    process.env.MLFLOW_TRACKING_URI = nobody;
    for (let index = 0; index < 6; index++) await mlflow.log({ name: `run ${index}`, metrics: { index } });
    retarget(nobody, server.proxy.uri);
    const child = syncInChild();
    child.run();
    const results = await Promise.all([sync(), sync(), sync()]);
    await child.ended;
    const created = server.proxy.requests.filter(({ line }) => line.endsWith("runs/create"));
    expect(created).toHaveLength(6);
    expect((await everythingOf(server)).map(({ name }) => name)).toEqual(
      Array.from({ length: 6 }, (_, index) => `run ${index}`),
    );
    expect(results.flatMap(({ waiting }) => waiting)).toEqual([]);
    expect(server.spooled()).toEqual([]);
  });

  test("and a server that forgot the run gets it anew", async () => {
    server.proxy.reset((line) => (line.includes("runs/update") ? 503 : "pass"));
    const { runId } = await mlflow.log({ name: "forgotten", metrics: { a: 1 } });
    await server.client.deleteRun(runId!);
    server.proxy.reset();
    const { sent } = await sync();
    expect(sent[0]!.runId).not.toBe(runId);
    expect(await everythingOf(server)).toMatchObject([{ name: "forgotten", metrics: { a: [[0, 1]] } }]);
  });
});

describe("a server that refuses", () => {
  test("credentials: the error says what to set, and the run is kept", async () => {
    server.proxy.reset(() => 401);
    await expect(mlflow.log({ name: "locked out" })).rejects.toThrow(
      /answered 401.*MLFLOW_TRACKING_USERNAME.*kept on disk/s,
    );
    server.proxy.reset();
    expect((await sync()).sent).toMatchObject([{ name: "locked out" }]);
  });

  test("one entry of many: the others are there, and the refusal is told", async () => {
    let batches = 0;
    // The whole, and then the first entry by itself.
    server.proxy.reset((line) => (line.includes("log-batch") && ++batches <= 2 ? 400 : "pass"));
    const logged = await mlflow.log({ name: "one bad", params: { p: "1" }, metrics: { a: 1, c: 3 } });
    expect(logged.spooled).toBe(false);
    expect(logged.refused).toEqual([expect.stringContaining("400")]);
    const [run] = await everythingOf(server);
    expect(run).toMatchObject({ status: "FINISHED", metrics: { a: [[0, 1]], c: [[0, 3]] } });
  });

  test("one artifact: the rest of the run is there, and the refusal is told", async () => {
    server.proxy.reset((line) => (line.includes("page.html") ? 413 : "pass"));
    const logged = await mlflow.log(sampleRecord);
    expect(logged.spooled).toBe(false);
    expect(logged.refused).toEqual([expect.stringMatching(/write the artifact reports\/page\.html.*413/)]);
    const [run] = await everythingOf(server);
    expect(run!.status).toBe("FINISHED");
    expect(Object.keys(run!.files)).toEqual(["program.json", "rows.json"]);
  });

  test("credentials of the address go as a header and appear nowhere else", async () => {
    const { host } = new URL(server.proxy.uri);
    process.env.MLFLOW_TRACKING_URI = `http://ann:p%40ssword-1@${host}`;
    const logged = await mlflow.log({ name: "with credentials" });
    expect(logged.url).toContain(`http://${host}/#/experiments/`);
    const expected = `Basic ${Buffer.from("ann:p@ssword-1").toString("base64")}`;
    expect(new Set(server.proxy.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([expected]),
    );
    server.proxy.reset(() => 403);
    const error = await mlflow.get("x").catch((failure: unknown) => failure);
    expect(String(error)).toContain("403");
    expect(JSON.stringify(error) + String(error) + (error as Error).stack).not.toMatch(
      /p@ssword|p%40ssword|YW5u/,
    );
  });
});

const tracking = fileURLToPath(new URL("../../src/tracking/", import.meta.url));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs a TypeScript module in a process of its own. */
function spawnTs(code: string) {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--experimental-strip-types",
      "--input-type=module",
      "-e",
      code,
    ],
    {
      stdio: ["pipe", "ignore", "inherit"],
      env: { ...process.env, MLFLOW_EXPERIMENT_NAME: server.experiment },
    },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return { child, ended };
}

/** A process that syncs when told to. */
function syncInChild() {
  const { child, ended } = spawnTs(`
    import { sync } from "${tracking}index.ts";
    process.stdin.once("data", async () => { await sync(); process.exit(0); });`);
  return {
    run: () => child.stdin.write("go\n"),
    ended,
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

let copies = 0;

/** Runs `body` with an experiment of its own, so that what arrives can be compared. */
async function inOwnExperiment(body: () => Promise<void>): Promise<void> {
  const before = server.experiment;
  (server as { experiment: string }).experiment = `${before} copy ${copies++}`;
  mlflow.setExperiment(server.experiment);
  try {
    await body();
  } finally {
    (server as { experiment: string }).experiment = before;
    mlflow.setExperiment(before);
  }
}

/** As if the server that was away came back at its address: what waits is for the other one now. */
function retarget(from: string, to: string): void {
  for (const name of server.spooled()) {
    const path = join(server.home, "spool", name);
    const text = readFileSync(path, "utf8").replace(JSON.stringify(from), JSON.stringify(to));
    writeFileSync(path, text);
  }
  process.env.MLFLOW_TRACKING_URI = to;
}
