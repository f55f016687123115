import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startEndpoint } from "../../support/faulty-endpoint.ts";
import { task, usePipelines } from "./planted-feedback.ts";

const here = usePipelines();
const script = fileURLToPath(new URL("./improve-process.ts", import.meta.url));

/** A process that does a round over a folder. */
function start(folder: string, baseURL: string) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, folder], {
    env: { ...process.env, OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: "any", OPENAI_MODEL: "test-model" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
  return { child, ended: once(child, "close").then(() => output) };
}

test(
  "kill -9 in the middle: whoever comes next goes on, and pays for nothing twice",
  { timeout: 600_000 },
  async () => {
    let requests = 0;
    let killAt = Infinity;
    let kill = () => undefined as void;
    const endpoint = await startEndpoint({
      reply: (request) => {
        if (++requests === killAt) kill();
        return task.reply(request);
      },
    });
    try {
      await here.rate(120, 1);
      const folders = ["whole", "killed"].map((name) => join(here.folder, name)) as [string, string];
      for (const folder of folders) await cp(here.feedback().file, join(folder, "feedback.jsonl"));
      const [wholeFolder, killedFolder] = folders;
      const whole = await start(wholeFolder, endpoint.baseURL).ended;
      expect(JSON.parse(whole)).toMatchObject({ outcome: "promoted", version: 1 });
      const paid = requests;
      // In the search; in it again; among the rows of the duel.
      let kills = 0;
      requests = 0;
      for (killAt of [10, Math.floor(paid / 2), paid - 10]) {
        const { child, ended } = start(killedFolder, endpoint.baseURL);
        kill = () => {
          kills++;
          child.kill("SIGKILL");
        };
        await ended;
        expect(child.signalCode).toBe("SIGKILL");
      }
      killAt = Infinity;
      expect(await start(killedFolder, endpoint.baseURL).ended).toBe(whole);
      expect(kills).toBe(3);
      // Each time what was under way at the kill, and no more: four rows at once.
      expect(requests).toBeLessThanOrEqual(paid + 3 * 2 * 4);
    } finally {
      await endpoint.close();
    }
  },
);
