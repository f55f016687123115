import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigurationError, UnreachableError } from "../../src/core/index.ts";
import { FunctionModel } from "../../src/lm/index.ts";
import { type McpTools, mcpTools, ReAct, type Tool, ToolArgumentsError } from "../../src/modules/index.ts";
import { sampleServer } from "../support/mcp-server.ts";
import { startProcess } from "../support/second-process.ts";

const program = fileURLToPath(new URL("../support/mcp-server.ts", import.meta.url));
const stdio = (...args: string[]) => ({ command: process.execPath, args: [program, "serve", ...args] });

const open: McpTools[] = [];
async function connect(...args: Parameters<typeof mcpTools>): Promise<McpTools> {
  const connected = await mcpTools(...args);
  open.push(connected);
  return connected;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
  vi.unstubAllEnvs();
});

const named = ({ tools }: McpTools, name: string): Tool => tools.find((tool) => tool.name === name)!;

/** The processes that run the sample server. */
function serving(): number {
  const lines = execFileSync("ps", ["-eo", "stat,args"], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(program) && !line.startsWith("Z")).length;
}

describe("mcpTools over stdio", () => {
  test("lists, calls and ends a server's tools", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-not-for-strangers-0123456789");
    const server = await connect(stdio());
    expect(server.tools.map(({ name }) => name)).toEqual([
      ...["add_numbers", "add_numbers_2", "fail", "hang", "environment", "picture"],
    ]);
    const add = named(server, "add_numbers");
    expect(add.parameters).toMatchObject({
      type: "object",
      properties: { a: { type: "number", description: "the first" } },
    });
    expect(add.description).toMatch(/^Adds two numbers\.x+…$/);
    expect(add.description.length).toBeLessThan(2_100);
    await expect(add.call({ a: "2", b: 3 })).resolves.toBe("5");
    await expect(add.call({ a: 2, b: null })).resolves.toBe("2");
    await expect(add.call({ a: "two" })).rejects.toThrow(ToolArgumentsError);
    await expect(named(server, "add_numbers_2").call({})).resolves.toBe("counted");
    await expect(named(server, "fail").call({})).rejects.toThrow("the disk is full");
    await expect(named(server, "picture").call({})).resolves.toBe("[image image/png]\na picture");
    expect(await named(server, "environment").call({})).not.toContain("OPENAI_API_KEY");
    expect(serving()).toBe(1);
    await server.close();
    await server.close();
    expect(serving()).toBe(0);
    await expect(add.call({ a: 1 })).rejects.toThrow();
  });

  test("a tool that hangs is left, and the server goes on", async () => {
    const server = await connect(stdio(), { maxSeconds: 0.2 });
    await expect(named(server, "hang").call({})).rejects.toThrow();
    const patient = await connect(stdio());
    const controller = new AbortController();
    const call = named(patient, "hang").call({}, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(named(patient, "add_numbers").call({ a: 1 })).resolves.toBe("1");
  });

  test("a server that pays no heed to its end does not outlive the process", async () => {
    const modules = new URL("../../src/modules/index.ts", import.meta.url).href;
    const { ended } = startProcess(
      `import { mcpTools } from ${JSON.stringify(modules)};
       await mcpTools(${JSON.stringify(stdio("stubborn"))});
       process.exit(0);`,
    );
    await ended;
    await vi.waitFor(() => expect(serving()).toBe(0), { timeout: 10_000 });
  });

  test("an agent uses them, and a server that dies on the way is an observation", async () => {
    const server = await connect(stdio());
    const steps = [
      { next_tool_name: "add_numbers", next_tool_args: { a: 20, b: 22 } },
      { next_tool_name: "fail", next_tool_args: {} },
      { next_tool_name: "add_numbers", next_tool_args: { a: 1 } },
      { next_tool_name: "finish", next_tool_args: {} },
    ];
    let next = 0;
    const lm = new FunctionModel(
      async (request) => {
        if (!JSON.stringify(request.responseFormat).includes("next_tool_name"))
          return '{"reasoning": "", "answer": "42"}';
        if (next === 2) await server.close();
        return JSON.stringify({ next_thought: "", ...steps[next++] });
      },
      { abilities: { tools: false } },
    );
    const agent = new ReAct("question -> answer", { tools: server.tools });
    const { answer, trajectory } = await agent.call({ question: "20 + 22?" }, { lm });
    expect(answer).toBe("42");
    expect(trajectory).toMatchObject([
      { observation: "42" },
      { observation: "Error: the disk is full" },
      { tool: "add_numbers", error: expect.stringMatching(/closed|not connected/i) },
      { tool: "finish" },
    ]);
  });

  test("a command that is not there, or ends at once, is an error that says why", async () => {
    await expect(mcpTools({ command: "no-such-program-here" })).rejects.toThrow(UnreachableError);
    const script = "console.error('cannot find the licence'); process.exit(3)";
    const ends = mcpTools({ command: process.execPath, args: ["-e", script] });
    await expect(ends).rejects.toThrow(/did not start or answer.*cannot find the licence/);
    const silent = mcpTools(
      { command: process.execPath, args: ["-e", "process.stdin.resume()"] },
      { connectSeconds: 0.3 },
    );
    await expect(silent).rejects.toThrow(UnreachableError);
  });
});

describe("mcpTools over http", () => {
  let http: Server | undefined;
  afterEach(() => http?.close());

  /** Serves the sample over loopback; `seen` gets the methods and the authorization of the requests. */
  async function serve(seen: string[]): Promise<string> {
    const sessions = new Map<string, StreamableHTTPServerTransport>();
    http = createServer((request, response) => {
      void (async () => {
        seen.push(`${request.method} ${request.headers.authorization ?? "-"}`);
        const id = request.headers["mcp-session-id"];
        let transport = typeof id === "string" ? sessions.get(id) : undefined;
        if (!transport) {
          const created = new StreamableHTTPServerTransport({
            sessionIdGenerator: () => "session-1",
            onsessioninitialized: (session) => void sessions.set(session, created),
          });
          await sampleServer().connect(created);
          transport = created;
        }
        await transport.handleRequest(request, response);
      })();
    });
    await new Promise<void>((resolve) => http!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  }

  test("lists and calls tools, with the headers it was given, and ends its session", async () => {
    const seen: string[] = [];
    const url = await serve(seen);
    const server = await connect({ url, headers: { authorization: "Bearer a-token-of-mine" } });
    await expect(named(server, "add_numbers").call({ a: 1, b: 1 })).resolves.toBe("2");
    await expect(named(server, "fail").call({})).rejects.toThrow("the disk is full");
    await server[Symbol.asyncDispose]();
    expect(seen).toContain("POST Bearer a-token-of-mine");
    expect(seen).toContain("DELETE Bearer a-token-of-mine");
    expect(seen.every((line) => line.endsWith("Bearer a-token-of-mine"))).toBe(true);
  });

  test("a server that is not there is unreachable; an address that is none is refused, without its secrets", async () => {
    const url = await serve([]);
    http!.close();
    await expect(mcpTools({ url })).rejects.toThrow(UnreachableError);
    const wrong = mcpTools({ url: "ftp://me:my-secret-word@example.com/mcp" });
    await expect(wrong).rejects.toThrow(ConfigurationError);
    await expect(wrong).rejects.not.toThrow("my-secret-word");
  });
});
