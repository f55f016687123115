import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

/** A server with tools that work, fail, hang and speak too much. */
export function sampleServer(): McpServer {
  const server = new McpServer({ name: "sample", version: "1" });
  const text = (text: string) => ({ content: [{ type: "text" as const, text }] });
  server.registerTool(
    "add.numbers",
    {
      description: "Adds two numbers.\u0000\u202e" + "x".repeat(10_000),
      inputSchema: { a: z.number().describe("the first"), b: z.number().optional() },
    },
    ({ a, b }) => text(String(a + (b ?? 0))),
  );
  server.registerTool("add_numbers", { description: "Counts." }, () => text("counted"));
  server.registerTool("fail", { description: "Fails." }, () => ({
    ...text("the disk is full"),
    isError: true,
  }));
  server.registerTool("hang", { description: "Hangs." }, () => new Promise(() => undefined));
  server.registerTool("environment", { description: "Shows names." }, () =>
    text(Object.keys(process.env).sort().join(" ")),
  );
  server.registerTool("picture", { description: "Shows." }, () => ({
    content: [
      { type: "image" as const, data: "aGVsbG8=", mimeType: "image/png" },
      { type: "text" as const, text: "a picture" },
    ],
  }));
  return server;
}

if (process.argv[2] === "serve") {
  // Pays no heed to the end of its input, nor to a request to stop.
  if (process.argv[3] === "stubborn") {
    process.on("SIGTERM", () => undefined);
    setInterval(() => undefined, 1_000);
  }
  process.stderr.write(`started ${process.pid}\n`);
  await sampleServer().connect(new StdioServerTransport());
}
