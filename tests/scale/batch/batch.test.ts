import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError } from "../../../src/core/index.ts";
import { Dataset } from "../../../src/data/index.ts";
import { meterUsage } from "../../../src/lm/index.ts";
import { Module, Predict } from "../../../src/modules/index.ts";
import { signature } from "../../../src/signature/index.ts";
import { batch, type BatchOptions } from "../../../src/scale/batch/index.ts";
import { type BatchLine, type BatchScript, startBatchEndpoint } from "./batch-endpoint.ts";

type Endpoint = Awaited<ReturnType<typeof startBatchEndpoint>>;
let folder: string;
let endpoint: Endpoint | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe batch "));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await endpoint?.close();
  endpoint = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const asked = ({ body }: BatchLine) => JSON.stringify(body.messages.at(-1)!.content);
const number = (line: BatchLine) => Number(/word (\d+)/.exec(asked(line))?.[1]);
const label = (line: BatchLine) => JSON.stringify({ label: number(line) % 2 ? "odd" : "even" });
const rows = (count: number) =>
  Dataset.from(Array.from({ length: count }, (_, index) => ({ text: `word ${index}` })));
const program = new Predict("text -> label: Literal['odd', 'even']");
const right = (count: number) => Array.from({ length: count }, (_, index) => (index % 2 ? "odd" : "even"));

async function start(script: Partial<BatchScript>): Promise<(more?: Partial<BatchOptions>) => BatchOptions> {
  endpoint = await startBatchEndpoint({ reply: label, ...script });
  const { baseURL } = endpoint;
  return (more = {}) => ({
    baseURL,
    model: "m",
    apiKey: "batch-key",
    abilities: { jsonSchema: true },
    gather: 0.2,
    poll: 0.05,
    folder,
    ...more,
  });
}

describe("batch", () => {
  test("answers every row by one batch, in order, at half of the price", { timeout: 60_000 }, async () => {
    const options = await start({ looks: 3 });
    const engine = batch(options({ price: { input: 1, output: 10 } }));
    const { value, usage } = await meterUsage(() => program.map(rows(60), { engine }));
    expect([...value].map((row) => row.label)).toEqual(right(60));
    expect([...value].every(({ error }) => error === null)).toBe(true);
    expect(endpoint!.batches.map(({ lines }) => lines.length)).toEqual([60]);
    expect(usage.cost).toBeCloseTo((60 * (10 * 0.5 + 2 * 5)) / 1e6, 12);
    expect(endpoint!.key).toBe("Bearer batch-key");
  });

  test("runs a program of two steps step by step", { timeout: 60_000 }, async () => {
    class Two extends Module {
      static override signature = signature("text -> label: Literal['odd', 'even']");
      shorten = new Predict("text -> short");
      classify = new Predict("short -> label: Literal['odd', 'even']");
      async forward({ text }: { text: string }) {
        const { short } = await this.shorten.call({ text });
        return this.classify.call({ short });
      }
    }
    const options = await start({
      reply: (line) =>
        asked(line).includes("brief") ? label(line) : JSON.stringify({ short: `brief word ${number(line)}` }),
    });
    const value = await new Two().map(rows(20), { engine: batch(options()) });
    expect([...value].map((row) => row.label)).toEqual(right(20));
    expect(endpoint!.batches.map(({ lines }) => lines.length)).toEqual([20, 20]);
  });

  test(
    "asks again for what a batch left open, and keeps an error with its row",
    { timeout: 60_000 },
    async () => {
      const options = await start({
        end: (batch) => (batch === 0 ? "expired" : "completed"),
        reach: (line, batch) => batch > 0 || number(line) < 5,
        fail: (line, batch) =>
          batch === 0 && number(line) === 2 ? 500 : number(line) === 3 ? 400 : undefined,
      });
      const value = [...(await program.map(rows(10), { engine: batch(options()) }))];
      expect(value.map((row) => row.label)).toEqual(
        right(10).map((one, index) => (index === 3 ? null : one)),
      );
      expect(value[3]!.error).toMatch(/RefusedError/);
      expect(value.filter(({ error }) => error !== null)).toHaveLength(1);
      expect(endpoint!.batches.map(({ lines }) => lines.length)).toEqual([10, 6]);
    },
  );

  test("goes on in another run: nothing that was sent is sent again", { timeout: 60_000 }, async () => {
    const options = await start({ looks: 2 });
    const to = join(folder, "out.jsonl");
    const stop = new AbortController();
    // Stopped once the batch is under way, as by a crash: its answers were never seen.
    const first = program.map(rows(30), {
      engine: batch(options({ folder: undefined, poll: 30 })),
      to,
      signal: stop.signal,
    });
    while (endpoint!.batches.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop.abort(new Error("stopped"));
    await expect(first).rejects.toThrow("stopped");
    expect(existsSync(`${to}.batches/batches.jsonl`)).toBe(true);
    await program.map(rows(30), { engine: batch(options({ folder: undefined })), to });
    expect([...(await Dataset.read(to))].map((row) => row.label)).toEqual(right(30));
    expect(endpoint!.batches).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["out.jsonl"]);
  });

  test("an outage longer than the retries pays for no batch twice", { timeout: 60_000 }, async () => {
    vi.spyOn(Math, "random").mockReturnValue(0); // retries at once
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    // Each kind of request that comes once the batch may be there, for three times its ten attempts.
    const seen = new Map<string, number>();
    const options = await start({
      looks: 32,
      outage: (method, path) => {
        const kind = `${method} ${path}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        return kind !== "POST /v1/files" && seen.get(kind)! <= 30 ? 503 : undefined;
      },
    });
    const value = await program.map(rows(5), { engine: batch(options()) });
    expect([...value].map((row) => row.label)).toEqual(right(5));
    expect(endpoint!.batches).toHaveLength(1);
    for (const kind of ["GET /v1/batches", "GET /v1/batches/batch_0", "GET /v1/files/file-out-0/content"])
      expect(seen.get(kind)).toBeGreaterThan(30);
    expect(warn).toHaveBeenCalledOnce();
  });

  test(
    "a batch whose state may not be seen ends the map, and is found again",
    { timeout: 60_000 },
    async () => {
      let locked = true;
      const options = await start({
        looks: 2,
        outage: (method, path) =>
          locked && method === "GET" && path.startsWith("/v1/batches") ? 401 : undefined,
      });
      const to = join(folder, "out.jsonl");
      const run = () => program.map(rows(5), { engine: batch(options({ folder: undefined })), to });
      await expect(run()).rejects.toThrow(ConfigurationError);
      locked = false;
      await run();
      expect([...(await Dataset.read(to))].map((row) => row.label)).toEqual(right(5));
      expect(endpoint!.batches).toHaveLength(1);
    },
  );

  test("sends no more requests at once than a batch may have", { timeout: 60_000 }, async () => {
    const options = await start({});
    await program.map(rows(25), { engine: batch(options({ requests: 10 })) });
    const sizes = endpoint!.batches.map(({ lines }) => lines.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(25);
  });

  test(
    "a batch that the endpoint does not accept ends the map with what it said",
    { timeout: 60_000 },
    async () => {
      const options = await start({ end: () => "failed" });
      await expect(program.map(rows(3), { engine: batch(options()) })).rejects.toThrow(
        /does not serve this model: no such model/,
      );
    },
  );

  test("must have a place to keep what it sent", async () => {
    await expect(
      program.map(rows(1), { engine: batch({ model: "m", baseURL: "http://127.0.0.1:9/v1" }) }),
    ).rejects.toThrow(ConfigurationError);
  });
});
