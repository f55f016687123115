import { expect, test } from "vitest";
import type { CellRunner } from "../../src/notebook/cell-runner.ts";
import { Session } from "../../src/notebook/session.ts";

/** Runs "fail" as a cell that fails, anything else as one whose value is its source; `ran` keeps what ran. */
function session() {
  const ran: string[] = [];
  const runner = {
    run: async (source: string) => {
      ran.push(source);
      await Promise.resolve();
      const failure = { ename: "Error", evalue: "no", traceback: ["Error: no"] };
      return source === "fail" ? { value: undefined, failure } : { value: source, failure: undefined };
    },
  } as unknown as CellRunner;
  return { ran, session: new Session(runner, () => undefined) };
}

const silence = () => undefined;

test("runs cells in the order they came, one at a time", async () => {
  const { ran, session: cells } = session();
  const replies = await Promise.all(["a", "b", "c"].map((code) => cells.execute({ code }, silence)));
  expect(ran).toEqual(["a", "b", "c"]);
  expect(replies.map(({ status, execution_count }) => [status, execution_count])).toEqual([
    ["ok", 1],
    ["ok", 2],
    ["ok", 3],
  ]);
});

test("drops what was asked for before a failure was known, and nothing that comes after", async () => {
  const { ran, session: cells } = session();
  const published: string[] = [];
  const failing = cells.execute({ code: "fail" }, (type) => published.push(type));
  const queued = cells.execute({ code: "queued" }, silence);
  expect(await failing).toMatchObject({ status: "error", ename: "Error", traceback: ["Error: no"] });
  expect(published).toEqual(["execute_input", "error"]);
  const next = cells.execute({ code: "next" }, silence); // sent at once when the failure is seen
  expect(await queued).toMatchObject({ status: "aborted" });
  expect(await next).toMatchObject({ status: "ok", execution_count: 2 });
  expect(ran).toEqual(["fail", "next"]);
});

test("drops nothing where the request asks to go on", async () => {
  const { ran, session: cells } = session();
  await Promise.all([
    cells.execute({ code: "fail", stop_on_error: false }, silence),
    cells.execute({ code: "queued" }, silence),
  ]);
  expect(ran).toEqual(["fail", "queued"]);
});

test("a silent request shows nothing and is not counted", async () => {
  const { session: cells } = session();
  const published: string[] = [];
  const reply = await cells.execute({ code: "a", silent: true }, (type) => published.push(type));
  expect(reply).toMatchObject({ status: "ok", execution_count: 0 });
  expect(published).toEqual([]);
});
