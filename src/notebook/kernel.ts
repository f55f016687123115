import { randomUUID } from "node:crypto";
import type { MimeBundle } from "../core/display.ts";
import { CellRunner } from "./cell-runner.ts";
import { cellLive } from "./live.ts";
import { cellProgress } from "./progress.ts";
import { type ExecuteRequest, type Publish, Session } from "./session.ts";
import { loadTslab, type Message } from "./tslab.ts";

/**
 * Starts the notebook kernel "TypeScript (lmframe)": tslab, with cells that are checked strictly, last values
 * shown richly, errors with a traceback, and unhandled rejections that fail a cell.
 *
 * @param connectionFile where Jupyter wrote the ports and the key.
 */
export function startKernel(connectionFile: string): void {
  const tslab = loadTslab();
  const runner = new CellRunner(tslab, process.cwd());
  let publish: Publish = () => undefined;

  const session = new Session(runner, (ofCell) => {
    publish = ofCell;
    tslab.displayThrough((content, update) =>
      ofCell(update ? "update_display_data" : "display_data", content),
    );
    process.stdout.write = streamTo(ofCell, "stdout");
    process.stderr.write = streamTo(ofCell, "stderr");
  });

  class KernelServer extends tslab.ZmqServer {
    override bindSocket(
      socket: { sendTimeout: number; sendHighWaterMark: number },
      port: number,
    ): Promise<void> {
      // ZeroMQ drops what a slow reader leaves unread beyond 1,000 messages; 0 is no bound.
      socket.sendHighWaterMark = 0;
      // Without a time-out of 0 ZeroMQ puts off every 512th message or so, and refuses those that are sent
      // meanwhile: a reply that is lost hangs the notebook. These kinds of sockets never have to wait.
      socket.sendTimeout = 0;
      return super.bindSocket(socket, port);
    }

    override async handleExecute(socket: unknown, request: Message): Promise<void> {
      const send = (type: string, content: Record<string, unknown>, to: unknown) => {
        const message = request.createReply();
        message.header.msg_type = type;
        message.content = content;
        message.signAndSend(this.connInfo.key, to);
      };
      const cell = typeof request.metadata.cellId === "string" ? request.metadata.cellId : undefined;
      const reply = await session.execute(
        { ...(request.content as unknown as ExecuteRequest), cell },
        (type, content) => send(type, content, this.iopub),
      );
      send("execute_reply", reply, socket);
    }
  }

  class KernelHandler extends tslab.JupyterHandlerImpl {
    override handleKernel() {
      const info = super.handleKernel();
      return {
        ...info,
        status: "ok",
        implementation: "lmframe",
        banner: `TypeScript ${tslab.typescriptVersion} on Node ${process.versions.node}`,
        language_info: {
          ...info.language_info,
          version: tslab.typescriptVersion,
          pygments_lexer: "typescript",
          codemirror_mode: "typescript",
        },
      };
    }

    override close() {
      super.close();
      // A cell's own timers and sockets must not keep a kernel that was shut down.
      setTimeout(() => process.exit(0), 500).unref();
    }
  }

  const server = new KernelServer(new KernelHandler(runner.executor, false), connectionFile);
  process.on("SIGINT", () => runner.executor.interrupt());
  process.on("unhandledRejection", (reason) => runner.unhandled(reason));
  process.on("uncaughtException", (error) => runner.unhandled(error));
  // As a reader needs it: without the number of the process, and without Node's advice on flags.
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    if (name !== "ExperimentalWarning") process.stderr.write(`${name}: ${message}\n`);
  });
  const place = (metadata: Record<string, unknown>) => {
    const ofCell = publish;
    const transient = { display_id: randomUUID() };
    let type = "display_data";
    return (data: MimeBundle) => {
      ofCell(type, { data, metadata, transient });
      type = "update_display_data";
    };
  };
  cellProgress(() => place({ lmframe: { progress: true } }));
  cellLive(() => place({}));
  endWithParent();
  void server.init();
}

function streamTo(publish: Publish, name: "stdout" | "stderr"): typeof process.stdout.write {
  const decoder = new TextDecoder();
  return (chunk: string | Uint8Array, encoding?: unknown, written?: unknown) => {
    publish("stream", {
      name,
      text: typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }),
    });
    const callback = typeof encoding === "function" ? encoding : written;
    if (typeof callback === "function") process.nextTick(callback);
    return true;
  };
}

/** Jupyter may be killed without a word; a kernel that nobody can reach must not stay. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 1000).unref();
}
