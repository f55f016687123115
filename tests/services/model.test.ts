import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError } from "../../src/core/index.ts";
import { down, ensureModel, type ModelEndpoint, status } from "../../src/services/index.ts";
import { filesOf } from "../../src/services/local-service.ts";
import { identify, isAlive } from "../../src/services/process-identity.ts";
import { readRecord } from "../../src/services/record.ts";
import { ownHome } from "../support/own-home.ts";
import { inSecondProcess, startProcess } from "../support/second-process.ts";

ownHome();
afterEach(() => vi.unstubAllEnvs());

const ask = `
  import { ensureModel } from "$services/index.ts";
  console.log(JSON.stringify(await ensureModel()));`;

describe("what the environment names comes first", () => {
  test("an address with its key and model", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "http://models.example/v1");
    vi.stubEnv("OPENAI_API_KEY", "sk-1");
    vi.stubEnv("OPENAI_MODEL", "small");
    expect(await ensureModel()).toEqual({
      baseURL: "http://models.example/v1",
      apiKey: "sk-1",
      model: "small",
      embedded: false,
    });
  });

  test("an address without a key", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1");
    expect(await ensureModel()).toMatchObject({ apiKey: "", model: undefined });
  });

  test("a key alone means OpenAI", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-1");
    expect(await ensureModel()).toMatchObject({ baseURL: "https://api.openai.com/v1", apiKey: "sk-1" });
  });

  test("an address that is none is an error that does not repeat it", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "ftp://user:secret@host");
    const failure = (await ensureModel().catch((error: unknown) => error)) as Error;
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(failure.message).not.toContain("secret");
  });

  test("its status is its address without credentials", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "http://user:secret@models.example/v1");
    const [found] = (await status()).filter(({ name }) => name === "model");
    expect(found).toMatchObject({
      source: "environment",
      address: expect.stringContaining("models.example/v1"),
    });
    expect(found?.address).not.toContain("secret");
  });
});

describe("the embedded model", () => {
  test("starts once for two processes that ask at once, and is found by the next", async () => {
    const [one, two] = await Promise.all([
      inSecondProcess<ModelEndpoint>(ask),
      inSecondProcess<ModelEndpoint>(ask),
    ]);
    expect(two).toEqual(one);
    expect(await ensureModel()).toEqual(one);
    expect(one.embedded).toBe(true);
    expect(one.identity).toMatch(/^[0-9a-f]{64}$/);
  });

  test("answers as its schema says, to its key alone, and shows the key in no process list", async () => {
    const { baseURL, apiKey, model } = await ensureModel();
    const request = (key: string) =>
      fetch(`${baseURL}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          model,
          messages: [{ role: "user", content: "Is 'I love it' positive or negative?" }],
          temperature: 0,
          max_tokens: 60,
          response_format: {
            type: "json_schema",
            json_schema: {
              name: "answer",
              schema: {
                type: "object",
                properties: { sentiment: { enum: ["positive", "negative"] } },
                required: ["sentiment"],
              },
            },
          },
        }),
      });
    expect((await request("0".repeat(64))).status).toBe(401);
    const reply = (await (await request(apiKey)).json()) as { choices: { message: { content: string } }[] };
    const { sentiment } = JSON.parse(reply.choices[0]!.message.content) as { sentiment: string };
    expect(["positive", "negative"]).toContain(sentiment);
    if (process.platform !== "win32") {
      expect(execFileSync("ps", ["-A", "-o", "args"], { encoding: "utf8" })).not.toContain(apiKey);
    }
  });

  test("is started again after it was killed, known by the same identity", async () => {
    const before = await ensureModel();
    const { pid } = (await readRecord(filesOf("model").record))!;
    process.kill(pid, "SIGKILL");
    const after = await ensureModel();
    expect(after.apiKey).not.toBe(before.apiKey);
    expect(after.identity).toBe(before.identity);
  });

  test("is gone after down", async () => {
    await ensureModel();
    const record = (await readRecord(filesOf("model").record))!;
    expect(await down()).toEqual(["model"]);
    expect(isAlive(record)).toBe(false);
    expect(await status()).toContainEqual({ name: "model", source: "none" });
  });

  test("ends with its owner, though that is killed", async () => {
    const owner = startProcess("setInterval(() => {}, 1000)");
    owner.ended.catch(() => undefined);
    await ensureModel({ ownedBy: owner.child.pid });
    const { pid } = (await readRecord(filesOf("model").record))!;
    const server = identify(pid);
    expect(isAlive(server)).toBe(true);
    owner.child.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(server)).toBe(false), { timeout: 30_000 });
  });

  test("without a Python side says how to get one", async () => {
    await down();
    vi.stubEnv("LMFRAME_PYTHON", "/nowhere/python");
    await expect(ensureModel()).rejects.toThrow(
      "LMFRAME_PYTHON is /nowhere/python, and there is no such file",
    );
  });
});
