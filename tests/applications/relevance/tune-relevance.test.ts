import { describe, expect, test } from "vitest";
import { chatAdapter } from "../../../src/adapters/index.ts";
import { relevanceBullets, tuneRelevance } from "../../../src/applications/index.ts";
import { display } from "../../../src/core/index.ts";
import { FunctionModel } from "../../../src/lm/index.ts";
import { Relevance } from "../../../src/metrics/index.ts";
import { type Bullet, InstructionLibrary } from "../../../src/optimizers/index.ts";
import { formRule, plantedJudge, plantedPairs, relevanceRules } from "../../optimizers/planted-judge.ts";

/** Adds to the instructions what the runs in its sight call for. */
const reflector = () =>
  new FunctionModel(
    ({ messages }) => {
      const asked = messages.at(-1)!.content as string;
      const now = /current_instructions: ([\s\S]*?)\n(?:runs|disagreements):/.exec(asked)![1]!;
      const called = [
        ...relevanceRules.filter(({ reason }) => asked.includes(reason)).map(({ text }) => text),
        ...(/ParseError|cannot be read|could not be read/.test(asked) ? [formRule] : []),
      ].filter((text) => !now.includes(text));
      return JSON.stringify({ lessons: "what the person sees", instructions: [now, ...called].join(" ") });
    },
    { name: "reflector" },
  );

const library: Bullet[] = [
  ...relevanceBullets.slice(0, 3),
  ...relevanceRules.map(({ text }, index) => ({ id: `rule ${index}`, text, approved: true })),
  { id: "form", text: formRule, approved: true },
  { id: "harsh", text: "Never give a five.", approved: true },
];

describe("tuneRelevance", () => {
  test.each([1, 2, 3])(
    "on the planted judge NMSE falls by 45 % in every mode, and malformed output from above 40 % to below 1 % (seed %i)",
    async (seed) => {
      const lm = plantedJudge({ malformed: 0.45 });
      const judge = new Relevance({ lm, adapter: chatAdapter });
      const data = plantedPairs(300, seed);
      const compile = { budget: { rollouts: 1200 } };
      const tuning = await tuneRelevance(data, {
        judge,
        library,
        reflectionModel: reflector(),
        seed,
        compile,
      });
      expect(tuning.rows).toEqual({ train: 120, val: 90, test: 90 });
      expect(tuning.before.unreadable).toBeGreaterThan(0.4);
      expect(tuning.modes.map(({ mode }) => mode)).toEqual(["rewrite", "library", "disagreement"]);
      for (const { mode, reduction, unreadable, agreement } of tuning.modes) {
        expect([mode, reduction >= 0.45, unreadable < 0.01]).toEqual([mode, true, true]);
        expect(agreement.figures.nmse.mean).toBeLessThan(tuning.before.agreement.figures.nmse.mean);
      }
    },
  );

  test("shows the modes side by side, and tells a tracking server of each", async () => {
    const judge = new Relevance({ instructions: "Score it.", lm: plantedJudge() });
    const modes = ["library", "disagreement"] as const;
    const tuning = await tuneRelevance(plantedPairs(90, 5), {
      judge,
      library,
      modes,
      reflectionModel: reflector(),
    });
    const shown = tuning[display]();
    expect(shown["text/plain"]).toContain("before");
    expect(shown["text/html"]).toContain('<td style="text-align:left">disagreement</td>');
    const run = tuning.toRun();
    expect(run.metrics!.nmse_library).toBe(tuning.modes[0]!.agreement.figures.nmse.mean);
    expect(run.children!.length).toBe(5);
  });

  test("refuses a mode that is not there before anything is run", async () => {
    let calls = 0;
    const judge = new Relevance({ lm: plantedJudge({ onCall: () => calls++ }) });
    await expect(tuneRelevance(plantedPairs(30, 1), { judge, modes: ["guess" as never] })).rejects.toThrow(
      "no mode",
    );
    expect(calls).toBe(0);
  });

  test("its bullets are a library", () => {
    expect(new InstructionLibrary(relevanceBullets).approved.length).toBe(relevanceBullets.length);
  });
});
