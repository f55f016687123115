// Serves a saved classifier whose model is at an endpoint by `lmframe serve`, and prints its address. Ends with its
// standard input.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { lmframe } from "../package.ts";
import { address } from "../package-address.ts";

const [endpoint, folder] = process.argv.slice(2) as [string, string];
const file = join(folder, "classifier.json");
await new lmframe.Predict("question -> answer").save(file);
const command = fileURLToPath(new URL("./cli/main.js", address));
// As many at once as the row asks by.
const flags = ["--port", "0", "--concurrency", "512"];
const server = spawn(process.execPath, [command, "serve", file, ...flags], {
  env: {
    ...process.env,
    LMFRAME_HOME: folder,
    OPENAI_BASE_URL: endpoint,
    OPENAI_API_KEY: "none",
    OPENAI_MODEL: "lmframe",
  },
  stdio: ["ignore", "pipe", "inherit"],
});
process.stdin.on("end", () => server.kill()).resume();
server.on("exit", (code) => process.exit(code ?? 1));
for await (const line of createInterface({ input: server.stdout })) {
  const url = / at (http:\S+)/.exec(line)?.[1];
  if (url !== undefined) process.stdout.write(`${url}\n`);
}
