import { describe, expect, test } from "vitest";
import { UnreachableError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { Module, Predict, type ProgramDelta, withCallSettings } from "../../src/modules/index.ts";

async function drain<T>(
  deltas: AsyncGenerator<ProgramDelta, T>,
): Promise<{ deltas: ProgramDelta[]; outputs: T }> {
  const seen: ProgramDelta[] = [];
  for (;;) {
    const step = await deltas.next();
    if (step.done) return { deltas: seen, outputs: step.value };
    seen.push(step.value);
  }
}

function texts(deltas: readonly ProgramDelta[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { predictor, request, field, delta } of deltas) {
    const key = `${predictor} ${request} ${field}`;
    found[key] = (found[key] ?? "") + delta;
  }
  return found;
}

class Pipeline extends Module {
  plan = new Predict("question -> query");
  answer = new Predict("query -> answer, sources: list[str]");
  async forward({ question }: { question: string }) {
    const { query } = await this.plan.call({ question });
    return this.answer.call({ query });
  }
}

const pipelineModel = () =>
  new FunctionModel((request) =>
    JSON.stringify(request.messages).includes("sources")
      ? '{"answer": "The left one leaks.", "sources": ["a b", "c"]}'
      : '{"query": "which one leaks"}',
  );

describe("stream", () => {
  test("deltas add up to the fields of each predictor, and the end is what call gives", async () => {
    const program = new Pipeline();
    const { deltas, outputs } = await drain(program.stream({ question: "?" }, { lm: pipelineModel() }));
    expect(texts(deltas)).toMatchObject({
      "plan 1 query": "which one leaks",
      "answer 2 answer": "The left one leaks.",
    });
    expect(deltas.filter(({ field }) => field === "answer").length).toBeGreaterThan(1);
    expect(outputs).toEqual(await program.call({ question: "?" }, { lm: pipelineModel() }));
  });

  test("a reply that has to be asked for again begins its fields anew under the next number", async () => {
    const replies = ['{"n": "so many"}', '{"n": 7}'];
    const lm = new FunctionModel(() => replies.shift()!);
    const { deltas, outputs } = await drain(new Predict("a -> n: int", { lm }).stream({ a: "x" }));
    expect(outputs).toEqual({ n: 7 });
    expect([...new Set(deltas.map(({ request }) => request))]).toEqual([1, 2]);
    expect(texts(deltas)["self 2 n"]).toBe("7");
  });

  test("a predictor that runs twice at once keeps its answers apart", async () => {
    class Twice extends Module {
      step = new Predict("a -> b");
      async forward(_: object) {
        return { both: await Promise.all(["x", "y"].map((a) => this.step.call({ a }))) };
      }
    }
    const lm = new FunctionModel((request) =>
      JSON.stringify(request.messages).includes("a: x") ? '{"b": "1 2 3"}' : '{"b": "4 5 6"}',
    );
    const { deltas } = await drain(new Twice().stream({}, { lm }));
    expect(Object.values(texts(deltas)).sort()).toEqual(["1 2 3", "4 5 6"]);
  });

  test("a reader that leaves early aborts the calls under way", async () => {
    let signal: AbortSignal | undefined;
    const lm = new FunctionModel((_, options) => {
      signal = options.signal;
      return '{"b": "one two three four"}';
    });
    for await (const delta of new Predict("a -> b", { lm }).stream({ a: "x" })) {
      expect(delta.field).toBe("b");
      break;
    }
    expect(signal?.aborted).toBe(true);
  });

  test("an error of the program is thrown by the stream", async () => {
    const lm = new FunctionModel(() => {
      throw new UnreachableError("down");
    });
    await expect(drain(new Predict("a -> b", { lm }).stream({ a: "x" }))).rejects.toThrow("down");
  });

  test("streams side by side hear only their own", async () => {
    const step = new Predict("a -> b");
    const runs = await Promise.all(
      ["x", "y", "z"].map((name) =>
        drain(
          step.stream({ a: name }, { lm: new FunctionModel(() => JSON.stringify({ b: `${name} ${name}` })) }),
        ),
      ),
    );
    expect(runs.map(({ deltas }) => texts(deltas))).toEqual([
      { "self 1 b": "x x" },
      { "self 1 b": "y y" },
      { "self 1 b": "z z" },
    ]);
  });

  test("ends with the signal of the call it stands in", async () => {
    const controller = new AbortController();
    const lm = new FunctionModel(
      (_request, { signal }) =>
        new Promise<string>((_, reject) => {
          signal!.addEventListener("abort", () => reject(signal!.reason as Error));
          controller.abort(new Error("enough"));
        }),
    );
    const streamed = withCallSettings({ signal: controller.signal }, () =>
      drain(new Predict("a -> b", { lm }).stream({ a: "x" })),
    );
    await expect(streamed).rejects.toThrow("enough");
  });
});
