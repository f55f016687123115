import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UnreachableError } from "../../src/core/index.ts";
import {
  cached,
  diskStore,
  FunctionModel,
  type FunctionReply,
  type LMRequest,
  memoryStore,
  requestKey,
} from "../../src/lm/index.ts";

const request: LMRequest = { messages: [{ role: "user", content: "hi" }], temperature: 0.7 };

/** A model that numbers its answers. */
function counting(reply: (call: number) => FunctionReply | Promise<FunctionReply> = (call) => `${call}`) {
  let calls = 0;
  const model = new FunctionModel(() => reply(++calls), { name: "counting" });
  return { model, calls: () => calls };
}

const text = async (answer: Promise<{ choices: readonly { text: string }[] }>) =>
  (await answer).choices[0]!.text;

describe("the key", () => {
  test("is that of the whole request and the model's identity", () => {
    const key = requestKey("m", request);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(requestKey("m", { temperature: 0.7, messages: request.messages, seed: undefined })).toBe(key);
    const others: [string, LMRequest][] = [
      ["other", request],
      ["m", { ...request, temperature: 0.8 }],
      ["m", { ...request, rollout: 1 }],
      ["m", { ...request, n: 2 }],
      ["m", { ...request, extra: { top_k: 1 } }],
      ["m", { ...request, messages: [...request.messages, { role: "assistant", content: "" }] }],
      ["m", { ...request, messages: [{ role: "system", content: "hi" }] }],
    ];
    const keys = others.map(([identity, other]) => requestKey(identity, other));
    expect(new Set([key, ...keys]).size).toBe(others.length + 1);
  });

  test("heeds the order of a schema's properties, for models write in it", () => {
    const schemaOf = (...names: string[]) => ({
      ...request,
      responseFormat: {
        name: "x",
        schema: { type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])) },
      },
    });
    expect(requestKey("m", schemaOf("a", "b"))).not.toBe(requestKey("m", schemaOf("b", "a")));
  });
});

describe("cached", () => {
  test("asks once, and says what came from the cache", async () => {
    const usage = { inputTokens: 5, outputTokens: 1, cachedTokens: 0, reasoningTokens: 0 };
    const { model, calls } = counting(() => ({ cost: 0.5, seconds: 2, usage }));
    const lm = cached(model, memoryStore());
    expect(await lm.complete(request)).toMatchObject({ cost: 0.5, seconds: 2, cached: false });
    expect(await lm.complete({ ...request })).toMatchObject({ cost: 0, seconds: 0, cached: true, usage });
    expect(calls()).toBe(1);
  });

  test("a rollout asks anew, and so does a call that wants no cache, which is not kept either", async () => {
    const { model } = counting();
    const lm = cached(model, memoryStore());
    expect(await text(lm.complete(request, { cache: false }))).toBe("1");
    expect(await text(lm.complete(request))).toBe("2");
    expect(await text(lm.complete({ ...request, rollout: 1 }))).toBe("3");
    expect(await text(lm.complete(request))).toBe("2");
  });

  test("what one audience asked is not found by another, at the same time or later, whole or streamed", async () => {
    const { model, calls } = counting();
    const lm = cached(model, memoryStore());
    const ask = (audience?: string) => text(lm.complete(request, { audience }));
    expect(await Promise.all([ask("red"), ask("blue"), ask(), ask("red")])).toEqual(["1", "2", "3", "1"]);
    expect([await ask("blue"), calls()]).toEqual(["2", 3]);
    let streamed = "";
    for await (const chunk of lm.stream(request, { audience: "green" })) streamed += chunk.text;
    expect(streamed).toBe("4");
    expect(calls()).toBe(4);
  });

  test("equal calls at the same time are one call, of which one is paid", async () => {
    const { model, calls } = counting(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { cost: 1 };
    });
    const lm = cached(model, memoryStore());
    const answers = await Promise.all(Array.from({ length: 10 }, () => lm.complete(request)));
    expect(calls()).toBe(1);
    expect(answers.map(({ cost }) => cost)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("failures are not kept, and everyone who waited hears of them", async () => {
    const { model, calls } = counting((call) => {
      if (call === 1) throw new UnreachableError("down");
      return "up";
    });
    const lm = cached(model, memoryStore());
    const both = await Promise.allSettled([lm.complete(request), lm.complete(request)]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(calls()).toBe(1);
    expect(await text(lm.complete(request))).toBe("up");
  });

  test("a caller that aborts does not take the answer from the others", async () => {
    let inner: AbortSignal | undefined;
    let answer: (text: string) => void = () => undefined;
    const lm = cached(
      new FunctionModel((_request, { signal }) => {
        inner = signal;
        return new Promise<string>((resolve) => (answer = resolve));
      }),
      memoryStore(),
    );
    const controller = new AbortController();
    const first = lm.complete(request, { signal: controller.signal });
    const second = lm.complete(request, { signal: new AbortController().signal });
    await vi.waitFor(() => expect(inner).toBeDefined());
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(inner!.aborted).toBe(false);
    answer("there");
    expect(await text(second)).toBe("there");
  });

  test("the call ends when all who wait have aborted, and the next one starts afresh", async () => {
    const signals: AbortSignal[] = [];
    const lm = cached(
      new FunctionModel((_request, { signal }) => {
        signals.push(signal!);
        if (signals.length === 2) return "afresh";
        return new Promise<string>((_resolve, reject) =>
          signal!.addEventListener("abort", () => reject(signal!.reason as Error)),
        );
      }),
      memoryStore(),
    );
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => lm.complete(request, { signal }));
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    controllers.forEach((controller) => controller.abort(new Error("enough")));
    await Promise.allSettled(calls);
    expect(signals[0]!.aborted).toBe(true);
    expect(await text(lm.complete(request))).toBe("afresh");
  });

  test("a stream is kept once it is whole, and given back from either way of asking", async () => {
    const { model, calls } = counting(() => "a b c");
    const lm = cached(model, memoryStore());
    for await (const chunk of lm.stream(request)) {
      expect(chunk.text).toBe("a");
      break;
    }
    const read = async () => {
      const texts: string[] = [];
      for await (const chunk of lm.stream(request)) texts.push(chunk.text);
      return texts.join("");
    };
    expect(await read()).toBe("a b c");
    expect(calls()).toBe(2);
    expect(await read()).toBe("a b c");
    expect(await text(lm.complete(request))).toBe("a b c");
    expect(calls()).toBe(2);
  });

  test("the memory store forgets the least recently used", async () => {
    const { model, calls } = counting();
    const lm = cached(model, memoryStore({ entries: 2 }));
    const ask = (rollout: number) => lm.complete({ ...request, rollout });
    for (const rollout of [1, 2, 1, 3, 1]) await ask(rollout);
    expect(calls()).toBe(3);
    await ask(2);
    expect(calls()).toBe(4);
  });
});

describe("on disk", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lmframe-cache-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("another instance finds what one has kept, in files only their owner can read", async () => {
    const first = counting();
    expect(await text(cached(first.model, diskStore(directory)).complete(request))).toBe("1");
    const second = counting(() => "other");
    const response = await cached(second.model, diskStore(directory)).complete(request);
    expect(response).toMatchObject({ cached: true, cost: 0, choices: [{ text: "1" }] });
    expect(second.calls()).toBe(0);
    const key = requestKey(first.model.identity, request);
    const folder = join(directory, key.slice(0, 2));
    expect(await readdir(folder)).toEqual([`${key}.json`]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, `${key}.json`))).mode & 0o777).toBe(0o600);
  });

  test("a spoilt file is asked again and mended", async () => {
    const key = requestKey("function counting", { ...request, rollout: 9 });
    const { model, calls } = counting();
    const lm = cached(model, diskStore(directory));
    await lm.complete({ ...request, rollout: 9 });
    const file = join(directory, key.slice(0, 2), `${key}.json`);
    await writeFile(file, (await readFile(file, "utf8")).slice(0, 20));
    expect(await text(lm.complete({ ...request, rollout: 9 }))).toBe("2");
    expect(await text(lm.complete({ ...request, rollout: 9 }))).toBe("2");
    expect(calls()).toBe(2);
  });

  test("a disk that cannot be written loses no answer", async () => {
    const file = join(directory, "not-a-folder");
    await writeFile(file, "");
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { model } = counting();
    const lm = cached(model, diskStore(file));
    expect(await text(lm.complete(request))).toBe("1");
    expect(await text(lm.complete(request))).toBe("2");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
