import { describe, expect, test, vi } from "vitest";
import { display, keepSecret } from "../../src/core/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { everythingOf, realMlflow } from "./real-mlflow.ts";
import { sampleRecord } from "./sample-record.ts";

const server = realMlflow();

describe("mlflow.log", () => {
  test("a record arrives whole, with its children beneath it", async () => {
    const logged = await mlflow.log({ toRun: () => sampleRecord }, { artifacts: { "extra.txt": "more" } });
    expect(logged).toMatchObject({ spooled: false, refused: [] });
    expect(logged.url).toBe(
      `${server.proxy.uri}/#/experiments/${await server.client.findExperiment(server.experiment)}/runs/${logged.runId}`,
    );
    const [run, first, second, ...more] = await everythingOf(server);
    expect(more).toEqual([]);
    expect(run).toEqual({
      name: "evaluation of Classify",
      status: "FINISHED",
      parent: undefined,
      took: 2500,
      params: { model: "test-model", rows: "3", cached: "false" },
      metrics: {
        accuracy: [[0, 0.75]],
        unreadable: [[0, NaN]],
        best: [
          [0, 0.25],
          [1, 0.5],
          [2, 0.5],
        ],
      },
      tags: { "lmframe.kind": "evaluation", note: "first", "lmframe.run_key": logged.key },
      tables: '[{"path": "rows.json", "type": "table"}]'.replaceAll(": ", ":").replaceAll(", ", ","),
      datasets: [["feedback", "0f".repeat(18), "test"]],
      files: {
        "extra.txt": "more",
        "program.json": '{"instructions":"Classify."}',
        "reports/page.html": "<h1>Report</h1>",
        "rows.json": JSON.stringify({
          columns: ["text", "score", "error"],
          data: [
            ["Lost my bag <b>again</b>", 1, null],
            ["Größe – 日本", null, "unreadable"],
          ],
        }),
      },
    });
    expect(first).toMatchObject({ name: "round 1", parent: run!.name, metrics: { score: [[0, 0.25]] } });
    expect(second).toMatchObject({ name: "round 2", parent: run!.name, status: "FAILED" });
    expect(server.spooled()).toEqual([]);
    expect(await mlflow.readTable(logged.runId!, "rows")).toEqual([
      { text: "Lost my bag <b>again</b>", score: 1, error: null },
      { text: "Größe – 日本", score: null, error: "unreadable" },
    ]);
  });

  test("what is larger or stranger than the server takes is split, cut and renamed, and nothing is lost", async () => {
    const long = "é".repeat(7000);
    const points = Array.from({ length: 2500 }, (_, step) => ({ value: step, step }));
    const params = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, index]));
    const logged = await mlflow.log({
      name: "large",
      metrics: {
        curve: points,
        "f1(macro)": 0.5,
        "f1[macro]": 0.25,
        "../x": 1,
        "a//b": 2,
        ["k".repeat(300)]: 3,
      },
      params: { ...params, instructions: long },
      tags: { long },
    });
    expect(logged).toMatchObject({ spooled: false, refused: [] });
    const [run] = await everythingOf(server);
    expect(run!.metrics.curve).toHaveLength(2500);
    expect(Object.keys(run!.params)).toHaveLength(251);
    expect(run!.params.instructions).toBe(`${"é".repeat(5999)}…`);
    expect(run!.files["params/instructions.txt"]).toBe(long);
    const renamed = Object.entries(run!.metrics).filter(([name]) => name.startsWith("f1_macro_-"));
    expect(renamed.map(([, [point]]) => point![1]).sort()).toEqual([0.25, 0.5]);
    expect(Object.keys(run!.metrics)).toHaveLength(6);
  });

  test("keys, tokens and credentials never leave", async () => {
    keepSecret("given-in-code-1");
    vi.stubEnv("ACME_API_KEY", "hunter2hunter2");
    const leaks = ["given-in-code-1", "hunter2hunter2", "sk-abcdefghijklmnopqrstuv", "http://u:pass1@host/"];
    const text = `before ${leaks.join(" and ")} after`;
    const logged = await mlflow.log(
      {
        name: text,
        params: { text },
        tags: { text },
        tables: { rows: [{ text, deep: { list: [text] } }] },
        files: { "f.txt": text },
        datasets: [{ name: text, digest: "d", context: "test", rows: 1, columns: [], source: text }],
      },
      { artifacts: { "b.bin": Buffer.from("hunter2hunter2") } },
    );
    vi.unstubAllEnvs();
    const everything = JSON.stringify([
      await everythingOf(server),
      await server.client.getRun(logged.runId!),
    ]);
    expect(everything).toContain("before");
    for (const leak of [...leaks, "pass1"]) expect(everything).not.toContain(leak);
  });

  test("a parent may be a run that was logged, or an id", async () => {
    const parent = await mlflow.log({ name: "a parent" });
    await mlflow.log({ name: "b child" }, { parent });
    await mlflow.log({ name: "c child" }, { parent: parent.runId, experiment: "another" });
    expect((await everythingOf(server)).map((run) => run.parent)).toEqual([
      undefined,
      "a parent",
      "a parent",
    ]);
  });

  test("is shown as a link, with hostile names escaped", async () => {
    const logged = await mlflow.log({ name: '<img src=x onerror="alert(1)">' });
    const bundle = logged[display]();
    expect(bundle["text/html"]).toContain(`href="${logged.url}"`);
    expect(bundle["text/html"]).not.toContain("<img");
    expect(bundle["text/plain"]).toContain(logged.url);
  });

  test("a path out of the run's folder is refused before anything is made", async () => {
    await expect(mlflow.log({ name: "x", files: { "../escape": "" } })).rejects.toThrow(
      /invalid artifact path: "\.\.\/escape"/,
    );
    expect(await everythingOf(server)).toEqual([]);
    expect(server.spooled()).toEqual([]);
  });
});

describe("mlflow.run", () => {
  test("logs as the body goes, and gives its value", async () => {
    const done = await mlflow.run("by hand", async (run) => {
      run.param("seed", 7);
      run.param("seed", 7);
      for (let step = 0; step < 300; step++) run.metric("loss", 1 / (step + 1));
      run.metric("late", 1, { step: 9 });
      run.metric("late", 2);
      run.tag("stage", "draft");
      run.tag("stage", "final");
      run.table("one", [{ a: 1 }]);
      run.table("two", [{ a: 2 }]);
      run.artifact("bytes.bin", Buffer.from("plain bytes"));
      const child = await run.child("child", (inner) => {
        inner.metric("score", 1);
        return "value of child";
      });
      const logged = await mlflow.log({ name: "logged within" });
      return [child.value, logged.spooled];
    });
    expect(done.value).toEqual(["value of child", false]);
    const [run, child, within] = await everythingOf(server);
    expect(run).toMatchObject({
      status: "FINISHED",
      params: { seed: "7" },
      tags: { stage: "final" },
      tables: '[{"path":"one.json","type":"table"},{"path":"two.json","type":"table"}]',
      files: { "bytes.bin": "plain bytes" },
    });
    expect(run!.metrics.loss!.map(([step]) => step)).toEqual(Array.from({ length: 300 }, (_, step) => step));
    expect(run!.metrics.late!.map(([step]) => step)).toEqual([9, 10]);
    expect(child).toMatchObject({ name: "child", parent: "by hand", status: "FINISHED" });
    expect(within).toMatchObject({ name: "logged within", parent: "by hand" });
    // 300 points in a loop went in a handful of requests.
    expect(server.proxy.requests.filter(({ line }) => line.includes("log-batch")).length).toBeLessThan(20);
  });

  test("a body that throws leaves a failed run with the reason, and its error is the caller's", async () => {
    const failing = mlflow.run("fails", () => {
      throw new RangeError("no such row; key sk-abcdefghijklmnopqrstuv");
    });
    await expect(failing).rejects.toThrow(RangeError);
    const [run] = await everythingOf(server);
    expect(run!.status).toBe("FAILED");
    expect(run!.tags["lmframe.error"]).toBe("RangeError: no such row; key [redacted]");
  });

  test("a parameter that would change is an error that says so", async () => {
    await expect(
      mlflow.run("changes", (run) => {
        run.param("seed", 1);
        run.param("seed", 2);
      }),
    ).rejects.toThrow(/"seed" is already "1" and cannot become "2"/);
  });

  test("runs side by side keep what is logged within them apart", async () => {
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        mlflow.run(name, async () => {
          await mlflow.log({ name: `${name} within` });
        }),
      ),
    );
    const parents = (await everythingOf(server)).map(({ name, parent }) => [name, parent]);
    expect(parents).toEqual([
      ["a", undefined],
      ["a within", "a"],
      ["b", undefined],
      ["b within", "b"],
      ["c", undefined],
      ["c within", "c"],
    ]);
  });
});

describe("reading", () => {
  test("runs are read, searched and told apart from none", async () => {
    const logged = await mlflow.log(sampleRecord);
    expect(await mlflow.get(logged.runId!)).toMatchObject({
      name: "evaluation of Classify",
      status: "FINISHED",
      metrics: { accuracy: 0.75, unreadable: NaN, best: 0.5 },
      params: { model: "test-model" },
      url: logged.url,
    });
    expect((await mlflow.search({ filter: "metrics.accuracy > 0.7" })).map(({ runId }) => runId)).toEqual([
      logged.runId,
    ]);
    expect(await mlflow.search({ filter: "metrics.accuracy > 0.8" })).toEqual([]);
    expect(await mlflow.search({ experiment: "there is none" })).toEqual([]);
    await expect(mlflow.get("0".repeat(32))).rejects.toThrow(/no run "0+" on http/);
    await expect(mlflow.readTable(logged.runId!, "none")).rejects.toThrow(/has no artifact "none\.json"/);
  });
});
