import { describe, expect, test, vi } from "vitest";
import { currentSpan, listen, record, type Span, traced, tracedStream } from "../../src/core/index.ts";

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

async function heard(body: () => Promise<unknown>): Promise<{ started: Span[]; ended: Span[] }> {
  const started: Span[] = [];
  const ended: Span[] = [];
  const stop = listen({ start: (span) => started.push(span), end: (span) => ended.push(span) });
  try {
    await body();
  } finally {
    stop();
  }
  return { started, ended };
}

describe("traced", () => {
  test("of 1,000 roots with 3,000 children side by side, none has a wrong parent", async () => {
    const { ended } = await heard(() =>
      Promise.all(
        Array.from({ length: 1000 }, (_, root) =>
          traced("module", `root ${root}`, root, async () => {
            await pause();
            await Promise.all(
              [0, 1, 2].map((child) =>
                traced("model", `child ${child}`, root, async () => {
                  await pause();
                  return child;
                }),
              ),
            );
            return root;
          }),
        ),
      ),
    );
    const roots = ended.filter(({ kind }) => kind === "module");
    const children = ended.filter(({ kind }) => kind === "model");
    expect([roots.length, children.length]).toEqual([1000, 3000]);
    expect(roots.filter(({ parent }) => parent !== undefined)).toEqual([]);
    expect(children.filter(({ parent, inputs }) => parent?.name !== `root ${String(inputs)}`)).toEqual([]);
    expect(new Set(ended.map(({ id }) => id)).size).toBe(4000);
  });

  test("an end knows the result or the error, and the times", async () => {
    const { started, ended } = await heard(async () => {
      await traced("tool", "good", { a: 1 }, async (span) => {
        span!.attributes.fact = 2;
        return "result";
      });
      await traced("tool", "bad", {}, async () => Promise.reject(new Error("broken"))).catch(() => undefined);
    });
    expect(started.map(({ name }) => name)).toEqual(["good", "bad"]);
    expect(ended[0]).toMatchObject({ inputs: { a: 1 }, attributes: { fact: 2 }, result: "result" });
    expect(ended[0]!.endedAt).toBeGreaterThanOrEqual(ended[0]!.startedAt);
    expect(ended[1]!.error).toEqual(new Error("broken"));
    expect("result" in ended[1]!).toBe(false);
  });

  test("a listener hears the kinds it asked for, until it is removed", async () => {
    const names: string[] = [];
    const stop = listen({ end: ({ name }) => names.push(name) }, ["tool"]);
    await traced("tool", "one", {}, async () => traced("module", "two", {}, async () => undefined));
    stop();
    await traced("tool", "three", {}, async () => undefined);
    expect(names).toEqual(["one"]);
  });

  test("what a listener throws is a warning, and the call goes on", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const stop = listen({
      start: () => {
        throw new Error("my mistake");
      },
    });
    try {
      await expect(traced("module", "m", {}, async () => 1)).resolves.toBe(1);
      expect(JSON.stringify(warn.mock.calls)).toContain("my mistake");
    } finally {
      stop();
      warn.mockRestore();
    }
  });

  test("the current span is that of the call", async () => {
    await heard(async () => {
      expect(currentSpan()).toBeUndefined();
      await traced("module", "outer", {}, async (span) => {
        expect(currentSpan()).toBe(span);
        await pause();
        await traced("model", "inner", {}, async () => expect(currentSpan()!.parent).toBe(span));
        expect(currentSpan()).toBe(span);
      });
    });
  });
});

describe("tracedStream", () => {
  async function* three(log: string[] = []) {
    try {
      for (const chunk of ["a", "b", "c"]) {
        await pause();
        await traced("tool", chunk, {}, async () => undefined);
        yield chunk;
      }
      return "whole";
    } finally {
      log.push("closed");
    }
  }

  test("ends with its last chunk, and its steps run in its context wherever they are pulled from", async () => {
    const { ended } = await heard(async () => {
      const stream = tracedStream("model", "stream", { q: 1 }, () => three());
      await traced("module", "elsewhere", {}, async () => {
        expect(await stream.next()).toEqual({ value: "a", done: false });
      });
      expect(await stream.next()).toEqual({ value: "b", done: false });
      expect(await stream.next()).toEqual({ value: "c", done: false });
      expect(await stream.next()).toEqual({ value: "whole", done: true });
    });
    const stream = ended.find(({ name }) => name === "stream")!;
    expect(ended.at(-1)).toBe(stream);
    expect(stream.result).toBe("whole");
    expect(ended.filter(({ kind }) => kind === "tool").map(({ parent }) => parent)).toEqual([
      stream,
      stream,
      stream,
    ]);
  });

  test("a reader that leaves early ends it and closes its source", async () => {
    const log: string[] = [];
    const { ended } = await heard(async () => {
      for await (const chunk of tracedStream("model", "stream", {}, () => three(log))) {
        expect(chunk).toBe("a");
        break;
      }
    });
    expect(log).toEqual(["closed"]);
    expect(ended.map(({ name }) => name)).toEqual(["a", "stream"]);
    expect(ended[1]!.endedAt).toBeDefined();
  });

  test("an error ends it, also one of closing", async () => {
    async function* failing() {
      yield 1;
      throw new Error("cut");
    }
    async function* stuck() {
      try {
        yield 1;
      } finally {
        throw new Error("cannot close");
      }
    }
    const { ended } = await heard(async () => {
      const cut = tracedStream("model", "cut", {}, failing);
      await cut.next();
      await expect(cut.next()).rejects.toThrow("cut");
      const left = tracedStream("model", "left", {}, stuck);
      await left.next();
      await expect(left.return(undefined as never)).rejects.toThrow("cannot close");
    });
    expect(ended.map(({ name }) => name)).toEqual(["cut", "left"]);
    expect(ended[0]!.error).toEqual(new Error("cut"));
  });
});

describe("record", () => {
  const work = (name: string, kind: Span["kind"] = "model") =>
    traced(kind, name, {}, async () => {
      await pause();
      return name;
    });

  test("keeps the spans of its own body, in the order of their ends, however many run", async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const spans: Span[] = [];
        await record(spans, async () => {
          await traced("module", `m${index}`, {}, async () => {
            await work(`a${index}`);
            await work(`b${index}`, "tool");
          });
        });
        return spans.map(({ name }) => name);
      }),
    );
    expect(all).toEqual(all.map((_, index) => [`a${index}`, `b${index}`, `m${index}`]));
  });

  test("a body that throws leaves what it had recorded; a record inside another is part of both", async () => {
    const outer: Span[] = [];
    const inner: Span[] = [];
    const failed = record(outer, async () => {
      await work("first");
      await record(inner, () => work("second"));
      throw new Error("late");
    });
    await expect(failed).rejects.toThrow("late");
    expect(inner.map(({ name }) => name)).toEqual(["second"]);
    expect(outer.map(({ name }) => name)).toEqual(["first", "second"]);
  });
});
