import { describe, expect, test } from "vitest";
import { ownHomeEach } from "../support/own-home.ts";
import { command, useFolder } from "./command.ts";

ownHomeEach();
const folder = useFolder();
const run = (args: string[], env: NodeJS.ProcessEnv = {}) => command(args, { cwd: folder.path, env });

describe("the services", () => {
  test("are shown as a table, or as JSON", async () => {
    const env = { MLFLOW_TRACKING_URI: "http://someone:hidden-word@mlflow.example:5000" };
    const table = await run(["status"], env);
    expect(table.stdout.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^SERVICE {2}STATE +ADDRESS +SINCE$/),
      expect.stringMatching(/^mlflow {3}named by the environment {2}http:\/\/.*mlflow\.example:5000$/),
      expect.stringMatching(/^model {4}not running$/),
    ]);
    const json = await run(["status", "--json"], env);
    expect(JSON.parse(json.stdout)).toEqual({
      services: [
        { name: "mlflow", source: "environment", address: expect.stringContaining("mlflow.example:5000") },
        { name: "model", source: "none" },
      ],
    });
    expect(table.stdout + json.stdout).not.toContain("hidden-word");
  });

  test("that do not run cannot be stopped, and nothing waits for a sync", async () => {
    expect(await run(["down"])).toMatchObject({ code: 0, stdout: "nothing ran\n" });
    expect(await run(["down", "--json"])).toMatchObject({ stdout: '{"stopped":[]}\n' });
    expect(await run(["sync"])).toMatchObject({ code: 0, stdout: "nothing waits\n" });
  });
});

describe("help", () => {
  test("teaches the verbs, and each verb its options by example", async () => {
    const { stdout } = await run(["--help"]);
    for (const verb of ["classify", "map", "evaluate", "prompt", "sync", "up", "down", "status", "demo"])
      expect(stdout).toMatch(new RegExp(`^ {2}${verb} `, "m"));
    expect(stdout).toContain("Start here:");
    for (const verb of ["classify", "map", "evaluate", "prompt"])
      expect((await run([verb, "--help"])).stdout).toMatch(new RegExp(`Example.*\\$ lmframe ${verb} `, "s"));
  });

  test("suggests the verb that was meant", async () => {
    const done = await run(["clasify", "messages.csv"]);
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(/unknown command 'clasify'\n\(Did you mean classify\?\)/);
  });
});
