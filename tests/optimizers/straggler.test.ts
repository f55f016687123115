import { afterEach, describe, expect, test } from "vitest";
import { currentLM, FunctionModel, type LMRequest } from "../../src/lm/index.ts";
import { COPRO, type Optimizer, RandomSearch, SIMBA } from "../../src/optimizers/index.ts";
import { plantedTasks } from "./planted-tasks.ts";

afterEach(() => currentLM.set(undefined));

const { task } = plantedTasks.all;
const rows = { train: task.rows(40, 1), val: task.rows(60, 2) };
const options = { metric: task.metric, seed: 4 };
const promptModel = task.proposer();

/** A candidate's part of a request, and a row's. */
const candidateOf = ({ messages }: LMRequest) => JSON.stringify(messages.slice(0, -1));
const isOf = ({ messages }: LMRequest, text: string) =>
  JSON.stringify(messages.at(-1)).includes(text.slice(0, 8));

/** Milliseconds after which a straggling row gives up waiting for others to start. */
const patience = 3000;

describe("a row that takes long holds up no other candidate of its round", () => {
  test.each([
    ["COPRO", "train", 6, () => new COPRO({ ...options, promptModel, breadth: 6, depth: 1 })],
    ["RandomSearch", "val", 6, () => new RandomSearch({ ...options, numCandidates: 6 })],
    ["SIMBA", "val", 3, () => new SIMBA({ ...options, promptModel, minibatch: 12, maxSteps: 3 })],
  ] satisfies [string, "train" | "val", number, () => Optimizer][])(
    "%s",
    async (_name, split, wanted, make) => {
      const others = rows[split].rows().map(({ text }) => text);
      const straggler = others.shift()!;
      const begun = new Set<string>();
      let base: string | undefined;
      let release: (() => void) | undefined;
      const started = new Promise<void>((resolve) => (release = resolve));
      let straggled = 0;
      let waitedInVain = 0;
      currentLM.set(
        new FunctionModel(async (request) => {
          // The program as it was has all to itself: nothing else is under way then.
          base ??= candidateOf(request);
          const ofRound = candidateOf(request) !== base;
          if (ofRound && others.some((text) => isOf(request, text))) begun.add(candidateOf(request));
          if (begun.size >= wanted - 1) release?.();
          if (ofRound && isOf(request, straggler)) {
            straggled++;
            let timer: NodeJS.Timeout | undefined;
            const tired = new Promise<"tired">((resolve) => {
              timer = setTimeout(() => resolve("tired"), patience);
            });
            if ((await Promise.race([started, tired])) === "tired") waitedInVain++;
            clearTimeout(timer);
          }
          return task.reply(request);
        }),
      );
      await make().compile(task.program(), { ...rows, concurrency: 16 });
      expect(straggled).toBeGreaterThanOrEqual(wanted - 1);
      expect(waitedInVain).toBe(0);
    },
  );
});
