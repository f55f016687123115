import { describe, expect, test } from "vitest";
import { Admission } from "../../src/serving/admission.ts";
import { conversationFields, conversationInputs } from "../../src/serving/conversation.ts";
import { RateLimit } from "../../src/serving/rate-limit.ts";
import { signature } from "../../src/signature/index.ts";

const here = () => new AbortController().signal;
const turns = () => new Promise((resolve) => setImmediate(resolve));

describe("admission", () => {
  test("who waits takes a place that comes free before anybody who comes later", async () => {
    const admission = new Admission({ concurrency: 1, queue: 5, seconds: 60 });
    const order: string[] = [];
    const enter = async (name: string) => {
      const place = await admission.enter(here());
      order.push(name);
      return place;
    };
    const first = await enter("first");
    const waiting = [enter("second"), enter("third")];
    await turns();
    first.leave();
    const late = enter("late");
    (await waiting[0]!).leave();
    (await waiting[1]!).leave();
    (await late).leave();
    expect(order).toEqual(["first", "second", "third", "late"]);
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  test("who leaves while waiting gives up the turn", async () => {
    const admission = new Admission({ concurrency: 1, queue: 1, seconds: 60 });
    const first = await admission.enter(here());
    const gone = new AbortController();
    const left = admission.enter(gone.signal);
    gone.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    const next = admission.enter(here());
    await expect(admission.enter(here())).rejects.toMatchObject({ status: 503 });
    first.leave();
    (await next).leave();
    expect(admission.running).toBe(0);
  });

  test("once stopped, what is at work and what waits gets 503, and nothing begins any more", async () => {
    const admission = new Admission({ concurrency: 1, queue: 5, seconds: 60 });
    const stopped = { status: 503, message: expect.stringMatching(/server stopped/) as string };
    const place = await admission.enter(here());
    const work = place.run((signal) => new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    })); // prettier-ignore
    const waiting = [admission.enter(here()), admission.enter(here())];
    admission.stop();
    await expect(work).rejects.toMatchObject(stopped);
    for (const one of [...waiting, admission.enter(here())]) await expect(one).rejects.toMatchObject(stopped);
    await turns();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  test("a place that was stopped before its work began begins none", async () => {
    const admission = new Admission({ concurrency: 1, queue: 0, seconds: 60 });
    const place = await admission.enter(here());
    admission.stop();
    let begun = false;
    await expect(place.run(async () => void (begun = true))).rejects.toMatchObject({ status: 503 });
    place.leave();
    expect([begun, admission.running]).toEqual([false, 0]);
  });

  test("work that ignores its end keeps its place until it has ended", async () => {
    const admission = new Admission({ concurrency: 1, queue: 1, seconds: 60 });
    const place = await admission.enter(here());
    let end: () => void = () => undefined;
    const work = place.run(() => new Promise<void>((resolve) => (end = resolve)));
    place.abort(new DOMException("", "AbortError"));
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    place.leave();
    expect(admission.running).toBe(1);
    end();
    await turns();
    expect(admission.running).toBe(0);
  });
});

test("a rate holds for each caller apart, and fills again", () => {
  let now = 0;
  const rate = new RateLimit(60, () => now);
  const passed = (caller: string) => {
    let count = 0;
    while (rate.take(caller) === 0) count++;
    return count;
  };
  expect([passed("ana"), passed("ben"), passed("ana")]).toEqual([10, 10, 0]);
  expect(rate.take("ana")).toBeCloseTo(1);
  now = 3000;
  expect([passed("ana"), passed("ben")]).toEqual([3, 3]);
  for (let caller = 0; caller < 20_000; caller++) rate.take(String(caller));
  expect(passed("ana")).toBe(10);
});

describe("a conversation", () => {
  test.each([
    ["question -> answer", { question: "question", history: undefined, answer: "answer" }],
    [
      "text, note: Optional[str] -> reasoning, reply",
      { question: "text", history: undefined, answer: "reply" },
    ],
    ["q, past: History -> response, score: int", { question: "q", history: "past", answer: "response" }],
    ["q -> score: int", { question: "q", history: undefined, answer: "score" }],
    ["a, b -> c", undefined],
    ["n: int -> c", undefined],
  ])("%s", (spec, fields) => {
    expect(conversationFields(signature(spec as "a -> b") as never)).toEqual(fields);
  });

  test("turns are whole: an answer without a question, and a question without an answer, are left out", () => {
    const fields = { question: "q", history: "past", answer: "a" };
    const say = (role: string, content: string) => ({ role, content });
    const messages = [
      say("assistant", "Hello."), say("user", "one"), say("user", "two"), say("assistant", "2"),
      say("assistant", "2b"), say("system", "Be rude."), say("user", "three"),
    ]; // prettier-ignore
    expect(conversationInputs(fields, messages)).toEqual({
      q: "three",
      past: { messages: [{ q: "two", a: "2" }] },
    });
    for (const bad of [undefined, [], [say("assistant", "x")], [{ role: "user" }], [null], ["x"]])
      expect(() => conversationInputs(fields, bad)).toThrow(/nothing is asked/);
  });
});
