import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { mapOrdered, orderWindow } from "../../src/core/index.ts";

const pause = (turns = 1) =>
  new Promise<void>((resolve) => {
    const turn = () => (turns-- > 0 ? setImmediate(turn) : resolve());
    turn();
  });

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

function* counting(to: number, pulled: number[] = []) {
  for (let n = 0; n < to; n++) {
    pulled.push(n);
    yield n;
  }
}

describe("mapOrdered", () => {
  test("gives results in the order of the items, with at most so many under way", async () => {
    let running = 0;
    let most = 0;
    const results = mapOrdered(
      counting(100),
      async (n, index) => {
        expect(index).toBe(n);
        most = Math.max(most, ++running);
        await pause((n * 7) % 5);
        running--;
        return n * 2;
      },
      { concurrency: 6 },
    );
    expect(await collect(results)).toEqual(Array.from({ length: 100 }, (_, n) => n * 2));
    expect(most).toBe(6);
  });

  test("pulls only as places come free, and no further ahead than the window", async () => {
    const pulled: number[] = [];
    let release: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    const results = mapOrdered(
      counting(1000, pulled),
      async (n) => {
        if (n === 0) await first;
        return n;
      },
      { concurrency: 3 },
    );
    const next = results.next();
    await pause(100);
    expect(pulled).toHaveLength(orderWindow(3));
    release();
    expect((await next).value).toBe(0);
    await results.return();
    expect(pulled.length).toBeLessThanOrEqual(orderWindow(3) + 1);
  });

  test("takes items that come asynchronously, and closes their source", async () => {
    let closed = false;
    async function* slow() {
      try {
        for (let n = 0; n < 20; n++) {
          await pause();
          yield n;
        }
      } finally {
        closed = true;
      }
    }
    expect(await collect(mapOrdered(slow(), async (n) => n + 1, { concurrency: 4 }))).toHaveLength(20);
    for await (const n of mapOrdered(slow(), async (n) => n, { concurrency: 4 })) if (n === 3) break;
    expect(closed).toBe(true);
  });

  test("what work throws, at once or later, comes at its place, and nothing is begun after it is seen", async () => {
    for (const fail of [
      () => {
        throw new Error("bad");
      },
      () => pause().then(() => Promise.reject(new Error("bad"))),
    ]) {
      const pulled: number[] = [];
      const seen: number[] = [];
      const run = async () => {
        const work = (n: number): Promise<number> => (n === 4 ? fail() : Promise.resolve(n));
        for await (const n of mapOrdered(counting(100, pulled), work, { concurrency: 2 })) seen.push(n);
      };
      await expect(run()).rejects.toThrow("bad");
      expect(seen).toEqual([0, 1, 2, 3]);
      expect(pulled.length).toBeLessThanOrEqual(4 + orderWindow(2));
    }
  });

  test("an error of the source comes after the results before it", async () => {
    function* broken() {
      yield 1;
      yield 2;
      throw new Error("source");
    }
    const seen: number[] = [];
    const run = async () => {
      for await (const n of mapOrdered(broken(), async (n) => n, { concurrency: 5 })) seen.push(n);
    };
    await expect(run()).rejects.toThrow("source");
    expect(seen).toEqual([1, 2]);
  });

  test("an abort lets what is under way end, then throws the reason", async () => {
    const abort = new AbortController();
    const ended: number[] = [];
    const seen: number[] = [];
    const run = async () => {
      const work = async (n: number) => {
        if (n === 5) abort.abort(new Error("stop"));
        await pause(2);
        ended.push(n);
        return n;
      };
      for await (const n of mapOrdered(counting(100), work, { concurrency: 2, signal: abort.signal }))
        seen.push(n);
    };
    await expect(run()).rejects.toThrow("stop");
    expect(ended).toEqual([0, 1, 2, 3, 4, 5]);
    expect(seen).toEqual(ended);
  });

  test("an abort while the last items are under way changes nothing", async () => {
    const abort = new AbortController();
    const work = async (n: number) => {
      await pause();
      abort.abort();
      return n;
    };
    const results = mapOrdered([0, 1, 2], work, { concurrency: 8, signal: abort.signal });
    await expect(collect(results)).resolves.toEqual([0, 1, 2]);
  });

  test("work runs in the context of the caller", async () => {
    const storage = new AsyncLocalStorage<string>();
    const run = (name: string) =>
      storage.run(name, () =>
        collect(
          mapOrdered(
            counting(20),
            async () => {
              await pause();
              return storage.getStore();
            },
            { concurrency: 3 },
          ),
        ),
      );
    const [a, b] = await Promise.all([run("a"), run("b")]);
    expect([new Set(a), new Set(b)]).toEqual([new Set(["a"]), new Set(["b"])]);
  });

  test.each([0, -1, NaN])("a concurrency of %d is refused", async (concurrency) => {
    await expect(collect(mapOrdered([1], async (n) => n, { concurrency }))).rejects.toThrow(
      "invalid concurrency",
    );
  });
});
