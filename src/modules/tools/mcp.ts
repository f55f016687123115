import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ConfigurationError,
  describeError,
  LmframeError,
  redact,
  UnreachableError,
} from "../../core/index.ts";
import { argumentsType, plainText } from "./schema-type.ts";
import { Tool } from "./tool.ts";
import { untilAborted } from "./until-aborted.ts";

/** A server of the Model Context Protocol: a command to start, or an address to connect to. */
export type McpServer =
  | {
      /** The program, which speaks over its standard input and output. */
      readonly command: string;
      readonly args?: readonly string[] | undefined;
      /**
       * Environment of the program, beside a few variables of this process that hold no secrets (PATH, HOME).
       * What it needs of keys must be named here.
       */
      readonly env?: Readonly<Record<string, string>> | undefined;
      readonly cwd?: string | undefined;
    }
  | {
      /** Of a server that speaks streamable HTTP. */
      readonly url: string | URL;
      /** Sent with each request: `{ authorization: "Bearer …" }`. */
      readonly headers?: Readonly<Record<string, string>> | undefined;
    };

/** Limits on {@link mcpTools}. */
export interface McpOptions {
  /** Seconds a connection and the list of tools may take. Default 30. */
  connectSeconds?: number | undefined;
  /** Seconds a call may take. Default 60. */
  maxSeconds?: number | undefined;
}

/** Tools of a server, and the connection they use. */
export interface McpTools {
  readonly tools: readonly Tool[];
  /** Ends the session and the program that was started. May be called twice. */
  close(): Promise<void>;
  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server's list comes in pages; one that goes on for ever is cut. */
const mostPages = 50;
const mostTools = 500;
/** Characters kept of what a server says of a tool. */
const longestDescription = 2_000;

/**
 * The tools of a server of the Model Context Protocol (https://modelcontextprotocol.io). Names, descriptions and
 * results are the server's: give an agent the tools of servers you trust, for a result may tell it to misuse another
 * tool. Characters that endpoints do not take in names become `_`.
 *
 * Close it when done: `await using server = await mcpTools(…)`, or `server.close()`. The program it started ends
 * with it, and with this process.
 *
 * @throws UnreachableError where the server does not start or answer, with what it wrote to its standard error.
 *
 * @example
 * const server = await mcpTools({ command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem", "data"] });
 * const agent = new ReAct("question -> answer", { tools: server.tools });
 */
export async function mcpTools(server: McpServer, options: McpOptions = {}): Promise<McpTools> {
  const { connectSeconds = 30, maxSeconds = 60 } = options;
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const client = new Client({ name: "lmframe", version: "1" });
  const connection = await open(server);
  const close = () => connection.close(client);
  try {
    const timeout = connectSeconds * 1000;
    await client.connect(connection.transport, { timeout });
    const tools = await listTools(client, timeout, maxSeconds);
    return { tools, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close().catch(() => undefined);
    if (error instanceof ConfigurationError) throw error;
    const said = connection.said();
    throw new UnreachableError(
      redact(
        `the MCP server ${connection.name} did not start or answer: ${describeError(error).message}` +
          (said === "" ? "" : `; it wrote: ${said}`),
      ),
      { cause: error },
    );
  }
}

interface Connection {
  readonly name: string;
  readonly transport: Transport;
  /** The end of what a program wrote to its standard error. */
  said(): string;
  close(client: Client): Promise<void>;
}

function open(server: McpServer): Promise<Connection> {
  return "url" in server ? overHttp(server) : overStdio(server);
}

async function overStdio(server: Extract<McpServer, { command: string }>): Promise<Connection> {
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  const { command, args = [], env, cwd } = server;
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    stderr: "pipe",
    ...(env && { env: { ...env } }),
    ...(cwd !== undefined && { cwd }),
  });
  let said = "";
  transport.stderr?.on("data", (piece: Buffer) => (said = (said + piece.toString()).slice(-2_000)));
  // A program that pays no heed to the end of its input would outlive this process.
  const kill = () => {
    if (transport.pid !== null) process.kill(transport.pid, "SIGKILL");
  };
  process.once("exit", kill);
  return {
    name: JSON.stringify(command),
    transport,
    said: () => plainText(said.trim(), 2_000),
    close: async (client) => {
      await client.close();
      await transport.close();
      process.removeListener("exit", kill);
    },
  };
}

async function overHttp({ url, headers }: Extract<McpServer, { url: unknown }>): Promise<Connection> {
  const { StreamableHTTPClientTransport } =
    await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const address = readAddress(url);
  const transport = new StreamableHTTPClientTransport(address, {
    ...(headers && { requestInit: { headers: { ...headers } } }),
  });
  return {
    name: `${address.origin}${address.pathname}`,
    // The SDK's own class does not fit its interface where optional members are exact.
    transport: transport as unknown as Transport,
    said: () => "",
    close: async (client) => {
      // Not every server has sessions to end, and one that hangs is not waited for.
      await untilAborted(transport.terminateSession(), AbortSignal.timeout(2_000)).catch(() => undefined);
      await client.close();
    },
  };
}

function readAddress(url: string | URL): URL {
  const address = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (address && /^https?:$/.test(address.protocol)) return address;
  throw new ConfigurationError(
    `invalid url of an MCP server: ${redact(String(url))}; expected one with http or https`,
  );
}

async function listTools(client: Client, timeout: number, maxSeconds: number): Promise<Tool[]> {
  const tools: Tool[] = [];
  const names = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < mostPages && tools.length < mostTools; page++) {
    const listed = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout });
    for (const { name, description, inputSchema } of listed.tools) {
      tools.push(
        new Tool({
          name: freeName(name, names),
          description: plainText(description ?? "", longestDescription),
          type: argumentsType(inputSchema),
          maxSeconds,
          run: async (args, { signal }) => {
            const timeout = maxSeconds * 1000;
            return readResult(
              await client.callTool({ name, arguments: args as Record<string, unknown> }, undefined, {
                signal,
                timeout,
              }),
            );
          },
        }),
      );
    }
    cursor = listed.nextCursor;
    if (cursor === undefined) break;
  }
  return tools.slice(0, mostTools);
}

/** The server's name for a tool as endpoints take it, unlike those taken before. */
function freeName(name: string, taken: Set<string>): string {
  const plain = name.replace(/[^\w-]/g, "_").slice(0, 60) || "tool";
  let free = plain;
  for (let number = 2; taken.has(free); number++) free = `${plain}_${number}`;
  taken.add(free);
  return free;
}

/** The text of a result; throws it where the server marks it as an error. */
function readResult(result: Awaited<ReturnType<Client["callTool"]>>): unknown {
  const content = Array.isArray(result.content) ? (result.content as ResultPart[]) : [];
  const text = content.map(partText).join("\n");
  if (result.isError === true) throw new LmframeError(text || "the tool failed without saying why");
  return text === "" ? (result.structuredContent ?? "") : text;
}

interface ResultPart {
  type: string;
  text?: string;
  mimeType?: string;
  uri?: string;
  resource?: { uri?: string; text?: string };
}

/** A part of a result as text; media are named, not shown. */
function partText({ type, text, mimeType, uri, resource }: ResultPart): string {
  if (text !== undefined) return text;
  if (resource?.text !== undefined) return resource.text;
  return `[${[type, mimeType, uri ?? resource?.uri].filter(Boolean).join(" ")}]`;
}
