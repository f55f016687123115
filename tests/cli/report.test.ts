import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerFields } from "../support/answer-fields.ts";
import { type ChatBody, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint;

const plan = {
  analyses: [
    {
      filters: [],
      groups: ["city"],
      measures: [{ measure: "mean", column: "fare", value: null }],
      order: null,
      top: null,
      chart: null,
    },
  ],
};
const sentences = [
  "The mean in {{a1.r1.city}} is {{a1.r1.mean_fare|NOK}}, in {{a1.r2.city}} {{a1.r2.mean_fare|NOK}}.",
  "There are {{all.r1.count|rows}}.",
  "A ride is 10 kilometres.",
];

beforeAll(async () => {
  endpoint = await startEndpoint({
    reply: (request: ChatBody) => answerFields(request, { plan, sentences }),
  });
});
afterAll(() => endpoint.close());

beforeEach(() => {
  folder.write(
    "rides.csv",
    "city,fare\nOslo,10\nOslo,20\nRome,60\nRome,80\n\u001b[31mred,1\n\u001b[31mred,1\n",
  );
});

const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  command(["report", "rides.csv", "What is the mean fare by city?", "--unit", "fare=NOK", ...args], {
    cwd: folder.path,
    env: { LMFRAME_HOME: join(folder.path, "home"), ...env },
  });

describe("lmframe report", () => {
  test("answers by rule where there is no endpoint, and writes the page", async () => {
    const { code, stdout, stderr } = await run(["--out", "pages/fares.html"]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("“Rome” has the highest mean of fare: 70 NOK");
    expect(stdout).not.toContain("\u001b");
    expect(readFileSync(join(folder.path, "pages/fares.html"), "utf8")).toContain("70 NOK");
  });

  test("has a model at an endpoint plan and write, and leaves out what is not computed", async () => {
    const env = { OPENAI_BASE_URL: endpoint.baseURL, OPENAI_API_KEY: "none" };
    const { code, stdout, stderr } = await run(["--json"], env);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      narrative: ["The mean in Rome is 70 NOK, in Oslo 15 NOK.", "There are 6 rows."],
      plan,
      charts: [],
      planned: "model",
      numbers: 3,
      dropped: 1,
      report: null,
      seconds: expect.any(Number) as number,
    });
    const before = endpoint.calls.length;
    expect((await run(["--model", "none"], env)).code).toBe(0);
    expect(endpoint.calls.length).toBe(before);
  });

  test("says what is wrong with a unit, and with a table", async () => {
    expect((await run(["--unit", "fare"])).stderr).toContain("expected COLUMN=UNIT");
    expect((await run(["--unit", "fares=NOK"])).stderr).toContain('did you mean "fare"?');
    expect(existsSync(join(folder.path, "home"))).toBe(false);
  });
});
