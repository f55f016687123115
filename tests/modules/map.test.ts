import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  DataError,
  ParseError,
  type ProgressState,
  showProgress,
  UnreachableError,
} from "../../src/core/index.ts";
import { Dataset } from "../../src/data/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { map, Module, Predict } from "../../src/modules/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lmframe-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const textOf = (request: { messages: readonly unknown[] }) =>
  /text: (\w+)(?!.*text: )/.exec(JSON.stringify(request.messages))![1]!;

/** A model that writes in capitals, and what it was asked. */
function upper(trouble: (text: string) => Error | string | undefined = () => undefined) {
  const asked: string[] = [];
  const lm = new FunctionModel(
    async (request) => {
      const text = textOf(request);
      asked.push(text);
      await new Promise((resolve) => setTimeout(resolve, asked.length % 3));
      const made = trouble(text);
      if (made instanceof Error) throw made;
      return made ?? JSON.stringify({ answer: text.toUpperCase() });
    },
    { name: "upper" },
  );
  return { lm, asked };
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ text: `t${index}`, n: index }));

describe("map", () => {
  test("adds the outputs and an error column, in the order of the rows", async () => {
    const { lm } = upper();
    const result = await new Predict("text -> answer", { lm }).map(texts(50), { concurrency: 7 });
    expect(result).toBeInstanceOf(Dataset);
    expect(result.columns).toEqual(["text", "n", "answer", "error"]);
    expect(result.rows()).toEqual(
      texts(50).map((row) => ({ ...row, answer: row.text.toUpperCase(), error: null })),
    );
    expect(result.schema.at(-1)).toMatchObject({ type: "string", nulls: 50 });
  });

  test("a name that is a column already goes to predicted_; one that has no name left is refused", async () => {
    const { lm } = upper();
    const program = new Predict("text -> answer", { lm });
    const rows = [{ text: "a", answer: "label", error: "old" }];
    const result = await program.map(rows);
    expect(result.rows()).toEqual([{ ...rows[0], predicted_answer: "A", predicted_error: null }]);
    await expect(program.map(result)).rejects.toThrow('"answer" and "predicted_answer"');
  });

  test("an error in a row goes to its column, unless it shall be thrown", async () => {
    const { lm } = upper((text) => (text === "t2" ? "no" : '{"answer": 1}'));
    const program = new Predict("text -> answer: int", { lm });
    const result = await map(program, texts(4));
    expect(result.column("answer")).toEqual([1, 1, null, 1]);
    expect(result.column("error").map((error) => error && (error as string).split(":")[0])).toEqual([
      null,
      null,
      "ParseError",
      null,
    ]);
    await expect(program.map(texts(4), { onError: "throw" })).rejects.toThrow(ParseError);
  });

  test("a column that the program needs is missed before anything is asked", async () => {
    const { lm, asked } = upper();
    const program = new Predict("text -> answer", { lm });
    const mapped = program.map([{ txt: "a" }]);
    await expect(mapped).rejects.toThrow(DataError);
    await expect(mapped).rejects.toThrow('did you mean "txt"?');
    await expect(program.map(texts(1), { to: at("x.exe") })).rejects.toThrow('unknown extension ".exe"');
    await expect(program.map(Dataset.scan(at("none.csv")), {} as never)).rejects.toThrow("{ to:");
    expect(asked).toEqual([]);
  });

  test("a program without a signature says so; progress counts rows and errors", async () => {
    class Silent extends Module {
      async forward(inputs: object) {
        return inputs;
      }
    }
    await expect(new Silent().map(texts(1))).rejects.toThrow("Silent states no signature");
    const states: ProgressState[] = [];
    const stop = showProgress((state) => states.push(state));
    const { lm } = upper((text) => (text === "t1" ? "no" : undefined));
    await new Predict("text -> answer: int", { lm }).map(texts(3));
    stop();
    expect(states.at(-1)).toMatchObject({
      label: "map Predict",
      total: 3,
      done: 3,
      ended: true,
      facts: { errors: 3 },
    });
  });

  test("an abort ends it with the signal's reason", async () => {
    const { lm, asked } = upper();
    const abort = new AbortController();
    const mapped = new Predict("text -> answer", {
      lm: new FunctionModel(async (request, options) => {
        if (asked.length === 5) abort.abort(new Error("enough"));
        return (await lm.complete(request, options)).choices[0]!.text;
      }),
    }).map(texts(100), { signal: abort.signal, concurrency: 2 });
    await expect(mapped).rejects.toThrow("enough");
    expect(asked.length).toBeLessThan(10);
  });

  test("a wrong setting ends it at once, an outage only after twenty in a row", async () => {
    const wrong = upper(() => new ConfigurationError("wrong key"));
    await expect(
      new Predict("text -> answer", { lm: wrong.lm }).map(texts(50), { concurrency: 1 }),
    ).rejects.toThrow("wrong key");
    expect(wrong.asked).toHaveLength(1);

    const down = upper(() => new UnreachableError("down"));
    const mapped = new Predict("text -> answer", { lm: down.lm }).map(texts(50), { concurrency: 1 });
    await expect(mapped).rejects.toThrow(
      /20 rows in a row could not be answered, the last: down.*give it a file/,
    );
    expect(down.asked).toHaveLength(20);

    const shaky = upper((text) =>
      Number(text.slice(1)) % 20 === 0 ? undefined : new UnreachableError("down"),
    );
    const result = await new Predict("text -> answer", { lm: shaky.lm }).map(texts(50), { concurrency: 1 });
    expect(result.column("error").filter((error) => error === "UnreachableError: down")).toHaveLength(47);
  });
});

describe("map into a file", () => {
  const program = (lm: FunctionModel) => new Predict("text -> answer", { lm });

  test.each(["csv", "jsonl", "parquet", "arrow"])(
    "as %s, from a Dataset and from a Scan alike",
    async (format) => {
      await Dataset.from(texts(30)).write(at("input.csv"));
      const wanted = texts(30).map((row) => ({ ...row, answer: row.text.toUpperCase(), error: null }));
      const [one, other] = [at(`dataset.${format}`), at(`scan.${format}`)];
      const result = await program(upper().lm).map(Dataset.from(texts(30)), { to: one });
      expect(result.rows()).toEqual(wanted);
      const scan = await program(upper().lm).map(Dataset.scan(at("input.csv")), { to: other });
      expect((await scan.collect()).rows()).toEqual(wanted);
      expect((await Dataset.read(one)).rows()).toEqual(wanted);
      expect(readdirSync(folder).filter((name) => name.includes(".partial"))).toEqual([]);
    },
  );

  test("rows that met an outage are asked again, the others are not; their order is kept", async () => {
    const to = at("again.jsonl");
    let down = true;
    const { lm, asked } = upper((text) =>
      text === "t3" && down
        ? new UnreachableError("down")
        : text === "t60" && down
          ? new ConfigurationError("key")
          : undefined,
    );
    await expect(program(lm).map(texts(80), { to, concurrency: 3 })).rejects.toThrow("key");
    expect(existsSync(to)).toBe(false);
    const before = new Set(asked);
    down = false;
    asked.length = 0;
    const result = await program(lm).map(texts(80), { to, concurrency: 5 });
    expect(result.rows()).toEqual(
      texts(80).map((row) => ({ ...row, answer: row.text.toUpperCase(), error: null })),
    );
    const repeated = asked.filter((text) => before.has(text));
    expect(repeated).toContain("t3");
    expect(repeated).toContain("t60");
    // Beside those two, only what was under way when the map stopped.
    expect(repeated.length).toBeLessThanOrEqual(2 + 3);
    expect(existsSync(`${to}.partial`)).toBe(false);
  });

  test("many interrupted runs add up", async () => {
    const to = at("many.csv");
    const all: string[] = [];
    // Further apart than a run goes ahead of a row that has not ended, or a stop could be answered before its turn.
    for (const stop of [3, 21, 39, 57]) {
      const { lm, asked } = upper((text) =>
        text === `t${stop}` ? new ConfigurationError("key") : undefined,
      );
      await expect(program(lm).map(texts(60), { to, concurrency: 4 })).rejects.toThrow("key");
      all.push(...asked);
    }
    const { lm, asked } = upper();
    const result = await program(lm).map(texts(60), { to, concurrency: 4 });
    all.push(...asked);
    expect(result.column("answer")).toEqual(texts(60).map(({ text }) => text.toUpperCase()));
    expect(all.length).toBeLessThanOrEqual(60 + 4 * 4);
  });

  test("answers of other rows, another state or another model are thrown away, with a warning", async () => {
    const to = at("other.csv");
    const failing = () => upper((text) => (text === "t9" ? new ConfigurationError("key") : undefined)).lm;
    const begin = () =>
      expect(program(failing()).map(texts(10), { to, concurrency: 1 })).rejects.toThrow("key");
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const others: [Predict<"text -> answer">, ReturnType<typeof texts>][] = [
        [program(upper().lm), texts(11)],
        [program(upper().lm).with({ self: { instructions: "Differently." } }), texts(10)],
        [program(new FunctionModel(() => '{"answer": "x"}', { name: "another" })), texts(10)],
      ];
      for (const [index, [other, rows]] of others.entries()) {
        await begin();
        const states: ProgressState[] = [];
        const stop = showProgress((state) => states.push(state));
        await other.map(rows, { to });
        stop();
        expect(states.at(-1)!.done).toBe(rows.length);
        expect(JSON.stringify(warn.mock.calls)).toContain("starts anew");
        expect(warn).toHaveBeenCalledTimes(index + 1);
      }
    } finally {
      warn.mockRestore();
    }
  });

  test("answers of a program with another number in a field are thrown away too", async () => {
    class Cut extends Module {
      static override signature = new Predict("text -> answer").signature;
      readonly step: Predict<"text -> answer">;
      readonly length: number;
      constructor(lm: FunctionModel, length: number) {
        super();
        this.step = new Predict("text -> answer", { lm });
        this.length = length;
      }
      async forward({ text }: { text: string }) {
        const { answer } = await this.step.call({ text });
        return { answer: answer.slice(0, this.length) };
      }
    }
    const to = at("fields.csv");
    const failing = upper((text) => (text === "t9" ? new ConfigurationError("key") : undefined)).lm;
    await expect(new Cut(failing, 1).map(texts(10), { to, concurrency: 1 })).rejects.toThrow("key");
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const { lm, asked } = upper();
      const result = await new Cut(lm, 2).map(texts(10), { to });
      expect(result.column("answer")).toEqual(texts(10).map(({ text }) => text.toUpperCase()));
      expect(asked.length).toBe(10);
    } finally {
      warn.mockRestore();
    }
  });

  test("a torn last line counts as never written", async () => {
    const to = at("torn.csv");
    const first = upper((text) => (text === "t5" ? new ConfigurationError("key") : undefined));
    await expect(program(first.lm).map(texts(8), { to, concurrency: 1 })).rejects.toThrow("key");
    const path = join(`${to}.partial`, "1.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -10));
    const second = upper();
    const result = await program(second.lm).map(texts(8), { to, concurrency: 1 });
    expect(second.asked).toEqual(["t4", "t5", "t6", "t7"]);
    expect(result.column("answer")).toEqual(texts(8).map(({ text }) => text.toUpperCase()));
  });

  test("a process that is killed goes on where it was", async () => {
    const [input, to, log] = [at("killed-input.csv"), at("killed.jsonl"), at("killed.log")];
    await Dataset.from(texts(200)).write(input);
    writeFileSync(log, "");
    const lines = () => readFileSync(log, "utf8").split("\n").length - 1;
    const start = (stuckFrom: number) =>
      spawn(
        process.execPath,
        [
          "--no-warnings",
          fileURLToPath(new URL("./map-process.ts", import.meta.url)),
          input,
          to,
          log,
          String(stuckFrom),
        ],
        { stdio: ["ignore", "ignore", "pipe"] },
      );
    const first = start(100);
    const gone = new Promise<void>((resolve) => first.once("exit", () => resolve()));
    // One hundred and three questions: 99 answered, 4 under way for ever.
    while (lines() < 103 && first.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
    first.kill("SIGKILL");
    await gone;
    expect(existsSync(to)).toBe(false);

    const second = start(Infinity);
    let complaint = "";
    second.stderr.on("data", (chunk) => (complaint += String(chunk)));
    const code = await new Promise((resolve) => second.once("exit", resolve));
    expect({ code, complaint }).toEqual({ code: 0, complaint: "" });
    const result = await Dataset.read(to);
    expect(result.column("answer")).toEqual(texts(200).map(({ text }) => text.toUpperCase()));
    expect(lines()).toBe(200 + 4);
    expect(existsSync(`${to}.partial`)).toBe(false);
  });
});
