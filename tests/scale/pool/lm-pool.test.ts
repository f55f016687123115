import { afterEach, describe, expect, test, vi } from "vitest";
import {
  ConfigurationError,
  RateLimitError,
  RefusedError,
  UnreachableError,
} from "../../../src/core/index.ts";
import { FunctionModel, type LanguageModel, lm, type LMRequest, OpenAIModel } from "../../../src/lm/index.ts";
import { pool } from "../../../src/scale/pool/index.ts";
import { type EndpointScript, type FaultyEndpoint, startEndpoint } from "../../support/faulty-endpoint.ts";

const request = (content: string): LMRequest => ({ messages: [{ role: "user", content }] });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const open: FaultyEndpoint[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
});

async function start(script: EndpointScript): Promise<{ endpoint: FaultyEndpoint; lm: LanguageModel }> {
  const endpoint = await startEndpoint(script);
  open.push(endpoint);
  return {
    endpoint,
    lm: new OpenAIModel({ baseURL: endpoint.baseURL, model: "m", apiKey: "none", timeout: 5 }),
  };
}

/** Answers after some milliseconds, or as told. */
function endpoint(name: string, answer: (call: number) => string | Promise<string>) {
  const seen: string[] = [];
  const model = new FunctionModel(
    ({ messages }) => {
      seen.push(messages[0]!.content as string);
      return answer(seen.length - 1);
    },
    { name },
  );
  return { seen, model };
}

describe("pool", () => {
  test(
    "answers every call beside endpoints that are slow, fail, limit and die",
    { timeout: 120_000 },
    async () => {
      const reply: EndpointScript["reply"] = ({ messages }) => `answer to ${String(messages[0]!.content)}`;
      const healthy = [await start({ delay: 20, reply }), await start({ delay: 20, reply })];
      const slow = await start({ delay: 1000, reply });
      const failing = await start({
        delay: 20,
        reply,
        faults: { rate: 0.7, kinds: ["500", "cut", "empty"], seed: 3 },
      });
      let begun = 0;
      const limiting = await start({
        delay: 20,
        reply,
        answer: () =>
          ++begun % 3 === 0
            ? undefined
            : {
                status: 429,
                headers: { "retry-after": "1" },
                body: { error: { message: "Rate limit reached" } },
              },
      });
      const dying = await start({ delay: 20, reply });
      const members = [slow, failing, limiting, dying, ...healthy];
      const fleet = pool(members.map(({ lm }) => lm));

      const calls = 400;
      let sent = 0;
      const answers = new Map<string, string>();
      const caller = async () => {
        while (sent < calls) {
          const asked = `question ${sent++}`;
          if (sent === 100) void dying.endpoint.close();
          answers.set(asked, (await fleet.complete(request(asked))).choices[0]!.text);
        }
      };
      await Promise.all(Array.from({ length: 12 }, caller));

      expect(answers.size).toBe(calls);
      for (const [asked, answer] of answers) expect(answer).toBe(`answer to ${asked}`);
      const [slowly, fails, limited, dies, ...well] = fleet.members;
      const share = (well[0]!.calls + well[1]!.calls) / calls;
      expect(share).toBeGreaterThan(0.5);
      expect(slowly!.calls).toBeLessThan(calls / 8);
      expect(fails!.failures).toBeGreaterThan(0);
      expect(limited!.failures).toBeGreaterThan(0);
      expect(limited!.health).toBe("healthy");
      expect(dies!.health).toBe("ejected");
    },
  );

  test("sends more to who is quicker, and by weight where all are as quick", async () => {
    const quick = endpoint("quick", async () => (await pause(5), "ok"));
    const slow = endpoint("slow", async () => (await pause(200), "ok"));
    const both = pool([slow.model, quick.model]);
    for (let round = 0; round < 40; round++) await Promise.all([1, 2].map(() => both.complete(request("x"))));
    expect(quick.seen.length).toBeGreaterThan(2 * slow.seen.length);

    const heavy = endpoint("heavy", async () => (await pause(10), "ok"));
    const light = endpoint("light", async () => (await pause(10), "ok"));
    const weighted = pool([{ lm: light.model }, { lm: heavy.model, weight: 4 }]);
    await Promise.all(Array.from({ length: 50 }, () => weighted.complete(request("x"))));
    expect(heavy.seen.length).toBeGreaterThan(3 * light.seen.length);
  });

  test("ejects who fails in a row, lets one call try after a while, and takes it back", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let broken = true;
    const sick = endpoint("sick", () => {
      if (broken) throw new UnreachableError("down");
      return "well again";
    });
    const well = endpoint("well", async () => (await pause(20), "ok"));
    const both = pool([{ lm: sick.model, weight: 1000 }, well.model], {
      breaker: { failures: 2, seconds: 5 },
    });
    const ask = () => both.complete(request("x"));
    for (let call = 0; call < 6; call++) expect((await ask()).choices[0]!.text).toBe("ok");
    expect(sick.seen).toHaveLength(2);
    expect(both.members[0]!.health).toBe("ejected");

    vi.advanceTimersByTime(5100);
    await ask();
    expect(sick.seen).toHaveLength(3);
    await ask();
    expect(sick.seen).toHaveLength(3);

    broken = false;
    vi.advanceTimersByTime(5100);
    expect((await ask()).choices[0]!.text).toBe("well again");
    expect(both.members[0]).toMatchObject({ health: "healthy", failures: 3 });
  });

  test("asks all of them where none is well, and throws what the last one failed with", async () => {
    let down = true;
    const make = (name: string) =>
      endpoint(name, () => {
        if (down) throw new UnreachableError(`${name} is down`);
        return "back";
      });
    const [a, b] = [make("a"), make("b")];
    const both = pool([a.model, b.model], { breaker: { failures: 1, seconds: 3600 } });
    await expect(both.complete(request("x"))).rejects.toThrow(/is down/);
    expect(both.members.map(({ health }) => health)).toEqual(["ejected", "ejected"]);
    expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
    down = false;
    expect((await both.complete(request("x"))).choices[0]!.text).toBe("back");
  });

  test("what one endpoint declines is declined; a wrong key is passed over with a warning", async () => {
    const declines = endpoint("declines", () => {
      throw new RefusedError("filtered");
    });
    const other = endpoint("other", () => "ok");
    const filtered = pool([{ lm: declines.model, weight: 100 }, other.model]);
    await expect(filtered.complete(request("x"))).rejects.toThrow(RefusedError);
    expect(other.seen).toHaveLength(0);
    expect(filtered.members[0]!.health).toBe("healthy");

    const warnings: string[] = [];
    const hear = (warning: Error) => warnings.push(warning.message);
    process.on("warning", hear);
    const locked = endpoint("locked", () => {
      throw new ConfigurationError("does not accept the key");
    });
    const open = pool([{ lm: locked.model, weight: 100 }, other.model]);
    for (let call = 0; call < 5; call++) await open.complete(request("x"));
    await pause(5);
    process.off("warning", hear);
    expect(warnings.filter((text) => text.includes("does not accept the key"))).toHaveLength(1);
    expect(other.seen).toHaveLength(5);
  });

  test("keeps each endpoint's limits; those who find all of them full wait in order", async () => {
    const peaks = { a: 0, b: 0 };
    const under = { a: 0, b: 0 };
    const make = (name: "a" | "b") =>
      endpoint(name, async () => {
        peaks[name] = Math.max(peaks[name], ++under[name]);
        await pause(3);
        under[name]--;
        return "ok";
      });
    const [a, b] = [make("a"), make("b")];
    const both = pool([
      { lm: a.model, limits: { concurrency: 2 } },
      { lm: b.model, limits: { concurrency: 3 } },
    ]);
    expect(both.concurrency).toBe(5);
    const asked = Array.from({ length: 30 }, (_, index) => index);
    await Promise.all(asked.map((index) => both.complete(request(String(index)))));
    expect(peaks).toEqual({ a: 2, b: 3 });
    for (const { seen } of [a, b]) expect(seen.map(Number)).toEqual(seen.map(Number).sort((x, y) => x - y));
  });

  test("one that aborts while it waits leaves the queue, and says nothing of the endpoint", async () => {
    let release: () => void = () => undefined;
    const busy = endpoint("busy", (call) =>
      call === 0 ? new Promise<string>((resolve) => (release = () => resolve("first"))) : "next",
    );
    const one = pool([{ lm: busy.model, limits: { concurrency: 1 } }]);
    const first = one.complete(request("1"));
    const controller = new AbortController();
    const second = one.complete(request("2"), { signal: controller.signal });
    const third = one.complete(request("3"));
    controller.abort(new Error("left"));
    await expect(second).rejects.toThrow("left");
    release();
    expect((await first).choices[0]!.text).toBe("first");
    expect((await third).choices[0]!.text).toBe("next");
    expect(one.members[0]).toMatchObject({ calls: 2, failures: 0, underWay: 0 });
  });

  test("streams from another endpoint until the first piece, and not after it", async () => {
    const cut = await start({ faults: { rate: 1, kinds: ["500"] } });
    const well = await start({ reply: () => "one two three" });
    const both = pool([{ lm: cut.lm, weight: 100 }, well.lm]);
    const texts: string[] = [];
    for await (const { text } of both.stream(request("x"))) texts.push(text);
    expect(texts.join("")).toBe("one two three");

    const breaks = await start({ reply: () => "one two three four", faults: { rate: 1, kinds: ["cut"] } });
    const broken = pool([{ lm: breaks.lm, weight: 100 }, well.lm]);
    const read = async () => {
      for await (const _ of broken.stream(request("x")));
    };
    await expect(read()).rejects.toThrow(UnreachableError);
    expect(broken.members.map(({ underWay }) => underWay)).toEqual([0, 0]);
  });

  test("a reader who leaves a stream early gives the place back", async () => {
    const { model } = endpoint("talks", () => "one two three");
    const one = pool([{ lm: model, limits: { concurrency: 1 } }]);
    for (let round = 0; round < 2; round++) for await (const _ of one.stream(request("x"))) break;
    expect(one.members[0]!.underWay).toBe(0);
  });

  test("hedges: a second endpoint answers for one that hangs, which is given up", async () => {
    let aborted = false;
    const hangs = new FunctionModel(
      (_, { signal }) =>
        new Promise<string>((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            aborted = true;
            reject(signal.reason as Error);
          });
        }),
      { name: "hangs" },
    );
    const well = endpoint("well", () => "ok");
    const both = pool([{ lm: hangs, weight: 100 }, well.model], { hedgeAfter: 0.01 });
    expect((await both.complete(request("x"))).choices[0]!.text).toBe("ok");
    await pause(5);
    expect(aborted).toBe(true);
    expect(both.members[0]).toMatchObject({ underWay: 0, failures: 0 });
  });

  test("a call whose hedge took the last endpoint, and failed there as well, fails", async () => {
    let free: () => void = () => undefined;
    const full = endpoint("full", (call) => {
      if (call === 0) return new Promise<string>((resolve) => (free = () => resolve("ok")));
      throw new UnreachableError("full is down");
    });
    const failing = new FunctionModel(
      async ({ messages }) => {
        if (messages[0]!.content === "x") await pause(40);
        throw new UnreachableError("failing is down");
      },
      { name: "failing" },
    );
    const both = pool([{ lm: full.model, limits: { concurrency: 1 } }, failing], { hedgeAfter: 0.01 });
    const before = both.complete(request("before"));
    const asked = both.complete(request("x")).catch((error: unknown) => error);
    // Once the hedge waits for the endpoint that is full, and its elder does too.
    while (both.members[1]!.failures < 2) await pause(5);
    free();
    expect(await asked).toEqual(new UnreachableError("full is down"));
    expect((await before).choices[0]!.text).toBe("ok");
    expect(full.seen).toEqual(["before", "x"]);
    expect(both.members.map(({ underWay }) => underWay)).toEqual([0, 0]);
  });

  test("can what all can; what is learned of it is learned of all", () => {
    const [a, b] = [new FunctionModel(() => ""), new FunctionModel(() => "")];
    const both = pool([a, b]);
    expect(both.abilities.jsonSchema).toBeUndefined();
    a.abilities.jsonSchema = true;
    expect(both.abilities.jsonSchema).toBeUndefined();
    b.abilities.jsonSchema = false;
    expect(lm(both).abilities.jsonSchema).toBe(false);
    both.abilities.logprobs ??= true;
    expect([a.abilities.logprobs, b.abilities.logprobs]).toEqual([true, true]);
  });

  test("a limit met everywhere is thrown as one, for retries to wait by", async () => {
    const limits = new FunctionModel(() => {
      throw new RateLimitError("slow down");
    });
    await expect(pool([limits]).complete(request("x"))).rejects.toThrow(RateLimitError);
  });

  test("refuses settings that cannot be", () => {
    expect(() => pool([])).toThrow(ConfigurationError);
    expect(() => pool([{ lm: new FunctionModel(() => ""), weight: 0 }])).toThrow(/weight/);
    expect(() => pool([new FunctionModel(() => "")], { hedgeAfter: 0 })).toThrow(/hedgeAfter/);
  });
});
