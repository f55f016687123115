import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "lmframe-memory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("100,000 requests leave nothing behind", { timeout: 900_000 }, async () => {
  const server = spawn(
    process.execPath,
    [
      "--expose-gc",
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "serve-process.ts"),
      join(folder, "feedback.jsonl"),
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const said = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  try {
    const url = new URL("/invocations", String((await said.next()).value));
    const heap = async () => {
      server.stdin.write("heap\n");
      return Number((await said.next()).value);
    };
    const ask = (n: number) =>
      new Promise<number>((resolve, reject) => {
        const body = JSON.stringify({ inputs: [{ text: `Flight ${n} was late.` }] });
        const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
        const sent = request(url, { method: "POST", agent, headers }, (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode!));
        });
        sent.on("error", reject);
        sent.end(body);
      });
    let asked = 0;
    const failed: number[] = [];
    const askUntil = (count: number) =>
      Promise.all(
        Array.from({ length: 32 }, async () => {
          while (asked < count) {
            const status = await ask(asked++);
            if (status !== 200) failed.push(status);
          }
        }),
      );
    await askUntil(20_000);
    const early = await heap();
    await askUntil(100_000);
    const late = await heap();
    expect(failed).toEqual([]);
    // 12 bytes a request at most: less than any object is.
    expect(late - early).toBeLessThan(1e6);
  } finally {
    agent.destroy();
    server.kill();
  }
});
