import { describe, expect, test } from "vitest";
import { relevanceReport, tuneRelevance } from "../../../src/applications/index.ts";
import { FunctionModel } from "../../../src/lm/index.ts";
import { Relevance } from "../../../src/metrics/index.ts";
import { plantedJudge, plantedPairs, relevanceRules } from "../../optimizers/planted-judge.ts";

const hostile = `<img src=x onerror="alert(1)">`;
const library = relevanceRules.map(({ text }, index) => ({ id: `rule ${index}`, text, approved: true }));

/** Writes the one rule that it knows, and HTML. */
const reflectionModel = new FunctionModel(
  () => JSON.stringify({ lessons: "", instructions: `${relevanceRules[0].text} ${hostile}` }),
  { name: "reflector" },
);

describe("relevanceReport", () => {
  test("shows the three ways side by side, and the best of them before and after", async () => {
    const judge = new Relevance({ instructions: "Score it.", lm: plantedJudge() });
    const tuning = await tuneRelevance(plantedPairs(120, 5), {
      judge,
      library,
      reflectionModel,
      compile: { budget: { rollouts: 500 } },
    });
    const page = await relevanceReport(tuning, { title: "Relevance of leaks" }).html();
    const section = (id: string) => page.slice(page.indexOf(`<section id="${id}"`)).split("</section>")[0]!;
    const ways = section("ways");
    for (const { mode, agreement } of tuning.modes) {
      expect(ways).toMatch(
        new RegExp(`<th scope="row">\\s*${mode}[^]*?<td>${agreement.figures.nmse.mean.toFixed(2)}</td>`),
      );
      expect(section("instructions")).toContain(`<h3>${mode}</h3>`);
    }
    // The library holds both rules, the reflector knows one: it is the library that the page compares.
    expect(tuning.modes[1]!.agreement.figures.nmse.mean).toBe(0);
    expect(ways).toContain("<td>-100.0 %</td>");
    expect(section("configuration")).toContain("the judge by library");
    expect(section("instructions")).toContain("&#60;img src=x");
    expect(page).not.toContain("<img src=x");
  });

  test("a judge of which nothing better was found is reported as it was", async () => {
    const judge = new Relevance({ instructions: "Score it.", lm: plantedJudge() });
    const idle = [{ id: "idle", text: "Be kind.", approved: true }];
    const tuning = await tuneRelevance(plantedPairs(60, 6), { judge, library: idle, modes: ["library"] });
    const page = await relevanceReport(tuning).html();
    expect(page).toContain("nothing better was found");
    expect(page).toContain("so the program was kept as it was");
  });
});
