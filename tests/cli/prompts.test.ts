import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Predict } from "../../src/modules/index.ts";
import { mlflow } from "../../src/tracking/index.ts";
import { type FaultyEndpoint, startEndpoint } from "../support/faulty-endpoint.ts";
import { realMlflow } from "../tracking/real-mlflow.ts";
import { command, messages, readSentiment, useFolder } from "./command.ts";

const server = realMlflow();
const folder = useFolder();
let endpoint: FaultyEndpoint | undefined;
afterEach(() => endpoint?.close());

const lmframe = (...args: string[]) =>
  command(args, {
    cwd: folder.path,
    env: {
      ...(endpoint && { OPENAI_BASE_URL: endpoint.baseURL }),
      OPENAI_API_KEY: "sk-test-0123456789abcdef0123456789",
      MLFLOW_EXPERIMENT_NAME: server.experiment,
    },
  });

test("a pipeline is stopped where a prompt changed without an evaluation, and goes on after one", async () => {
  endpoint = await startEndpoint({ reply: readSentiment });
  const name = `pipeline${Date.now()}`;
  folder.write("messages.csv", messages(6));
  const save = (instructions: string) =>
    new Predict("text -> sentiment", instructions).save(join(folder.path, "program.json"));
  const check = () => lmframe("prompts", "check", "program.json", "--name", name);

  await save("Sort it.");
  expect(await check()).toMatchObject({ code: 1, stdout: `${name}  NOT REGISTERED\n` });
  expect(await lmframe("evaluate", "program.json", "messages.csv", "--prompts", name)).toMatchObject({
    code: 0,
  });
  expect(await check()).toMatchObject({ code: 0, stdout: expect.stringContaining("well  version 1") });

  await save("Sort it with care.");
  const changed = await check();
  expect(changed).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("CHANGED without an evaluation"),
  });
  expect(changed.stdout).toContain("-Sort it.\n+Sort it with care.\n");
  const { stdout } = await lmframe("prompts", "check", "program.json", "--name", name, "--json");
  expect(JSON.parse(stdout)).toMatchObject([{ name, status: "changed", last: { version: "1" } }]);

  await mlflow.prompts.register(new Predict("text -> sentiment", "Sort it \u001b[31mwith care."), name);
  const shown = await lmframe("prompts", "show", name);
  expect(shown.stdout).toMatch(/^\S+ 2 .* not evaluated\n\nSort it \ufffd\[31mwith care\.\n$/);
  expect((await lmframe("prompts", "diff", name)).stdout).toContain(
    "-Sort it.\n+Sort it \ufffd[31mwith care.",
  );
  const listed = (await lmframe("prompts", "list")).stdout
    .split("\n")
    .filter((line) => line.startsWith(name));
  expect(listed).toEqual([expect.stringMatching(/ {2}2 .*not evaluated +Sort it/)]);
  const absent = await lmframe("prompts", "show", `${name}x`);
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining(`did you mean "${name}"?`) });
}, 120_000);
