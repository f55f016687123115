import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerFields } from "../support/answer-fields.ts";
import { type ChatBody, type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { command, useFolder } from "./command.ts";

const folder = useFolder();
let endpoint: FaultyEndpoint;

/** Says the pump was replaced, by the first entry; a question after another is about the pump too. */
const said: Readonly<Record<string, unknown>> = {
  answer: "The fuel pump was replaced.",
  citations: [1, 9],
  reasoning: "",
  follow_up: "Test it on the ground.",
  urgency: "soon",
  search_query: "What was done about the fuel pump?",
};
const answer = (request: ChatBody) => answerFields(request, said);

beforeAll(async () => {
  endpoint = await startEndpoint({ reply: answer });
});
afterAll(() => endpoint.close());

const run = (args: string[], input?: string) =>
  command(args, {
    cwd: folder.path,
    env: {
      LMFRAME_HOME: join(folder.path, "home"),
      OPENAI_BASE_URL: endpoint.baseURL,
      OPENAI_API_KEY: "none",
    },
    ...(input !== undefined && { input }),
  });

beforeEach(async () => {
  folder.write(
    "log.csv",
    [
      "entry,problem,action",
      "A1,FUEL PUMP LEAKING,PUMP REPL'D",
      "A2,NOSE TIRE WORN,NEW TIRE",
      "A3,LANDING LIGHT OUT,NEW LAMP",
    ].join("\n"),
  );
  const indexed = await run(["index", "log.csv", "--to", "log", "--group", "mechanics", "--text", "problem"]);
  expect(indexed.code, indexed.stderr).toBe(0);
});

describe("lmframe ask", () => {
  test("answers with the entries it rests on, and invents none", async () => {
    const { stdout } = await run([
      "ask",
      "log",
      "What was done when the fuel pump was leaking?",
      "--as",
      "mechanics",
      "--json",
    ]);
    expect(JSON.parse(stdout)).toEqual({
      answer: "The fuel pump was replaced.",
      answered: true,
      citations: [{ id: "A1", text: "FUEL PUMP LEAKING PUMP REPL'D", source: { file: "log.csv", row: 1 } }],
      follow_up: "Test it on the ground.",
      urgency: "soon",
      seconds: expect.any(Number) as number,
    });
  });

  test("refuses what the entries do not hold, and what the group may not see, alike", async () => {
    const offTopic = await run(["ask", "log", "Which wine goes with fish?", "--as", "mechanics", "--json"]);
    const hidden = await run([
      "ask",
      "log",
      "What was done when the fuel pump was leaking?",
      "--as",
      "painters",
      "--json",
    ]);
    for (const { stdout } of [offTopic, hidden])
      expect(JSON.parse(stdout)).toMatchObject({ answered: false, citations: [] });
  });

  test("names the index that is nearest where there is none of the name", async () => {
    const { code, stderr } = await run(["ask", "logs", "Why?", "--as", "mechanics"]);
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "log"?');
  });
});

test("lmframe chat answers line after line, each understood from those before", async () => {
  const before = endpoint.calls.length;
  const { code, stdout, stderr } = await run(
    ["chat", "log", "--as", "mechanics"],
    "Is the fuel pump leaking?\nWhat was done?\n",
  );
  expect(code, stderr).toBe(0);
  expect(stdout.match(/The fuel pump was replaced\./g)).toHaveLength(2);
  expect(stdout).toContain("[A1] FUEL PUMP LEAKING PUMP REPL'D");
  const asked = endpoint.calls.slice(before).map(({ body }) => JSON.stringify(body.messages));
  expect(
    asked.some(
      (messages) => messages.includes("Is the fuel pump leaking?") && messages.includes("What was done?"),
    ),
  ).toBe(true);
});
