import { createRequire } from "node:module";
import { ConfigurationError } from "../core/errors.ts";
import { withStrictTypes } from "./strict-types.ts";

/** What the type checker has against a cell. Lines and characters count from 0. */
export interface Diagnostic {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
  readonly messageText: string;
  readonly fileName?: string | undefined;
}

/** Turns a cell's TypeScript into JavaScript. */
export interface Converter {
  convert(
    declarations: string,
    source: string,
  ): { output?: string | undefined; readonly diagnostics: readonly Diagnostic[] };
  addModule(name: string, content: string, meta?: unknown): readonly Diagnostic[];
  close(): void;
}

/** Runs cells one after the other over the variables they share. */
export interface Executor {
  /** Gives false where the cell failed; why has then gone to `error` of the console it was made with. */
  execute(source: string): Promise<boolean>;
  interrupt(): void;
  close(): void;
}

/** A message of Jupyter's protocol (https://jupyter-client.readthedocs.io/en/stable/messaging.html). */
export interface Message {
  readonly header: { msg_type: string };
  readonly metadata: Readonly<Record<string, unknown>>;
  content: Record<string, unknown>;
  createReply(): Message;
  signAndSend(key: string, socket: unknown): void;
}

/** Answers requests other than those to execute. */
interface Handler {
  handleKernel(): Record<string, unknown> & { language_info: Record<string, unknown> };
  close(): void;
}

export interface Server {
  readonly connInfo: { readonly key: string };
  readonly iopub: unknown;
  bindSocket(socket: { sendTimeout: number; sendHighWaterMark: number }, port: number): Promise<void>;
  handleExecute(socket: unknown, request: Message): Promise<void>;
  init(): Promise<void>;
  close(): void;
}

/** The parts of tslab this kernel stands on. They are not public there, so one version is asked for. */
export interface Tslab {
  readonly typescriptVersion: string;
  createConverter(options: { isJS: boolean; isBrowser: boolean }): Converter;
  createExecutor(
    root: string,
    converters: { readonly node: Converter; readonly browser: Converter; close(): void },
    console: { log(value: unknown): void; error(...values: unknown[]): void },
  ): Executor;
  readonly JupyterHandlerImpl: new (executor: Executor, isJs: boolean) => Handler;
  readonly ZmqServer: new (handler: Handler, connectionFile: string) => Server;
  /** Where `tslab.display` writes; that of the cell that ran last. */
  displayThrough(write: (content: Record<string, unknown>, update: boolean) => void): void;
}

const wanted = "1.0.22";

/**
 * Loads tslab with its compiler set to strict types.
 * @throws ConfigurationError where tslab is not installed, or in another version.
 */
export function loadTslab(): Tslab {
  const require = createRequire(import.meta.url);
  let home: string;
  try {
    home = require.resolve("tslab/package.json");
  } catch (cause) {
    throw new ConfigurationError(
      `notebooks need tslab, which is not installed: npm install tslab@${wanted}`,
      {
        cause,
      },
    );
  }
  const { version } = require(home) as { version: string };
  if (version !== wanted) {
    throw new ConfigurationError(
      `notebooks need tslab ${wanted}, found ${version}: npm install tslab@${wanted}`,
    );
  }
  const within = createRequire(home);
  const compiler = withStrictTypes(within.resolve("@tslab/typescript-for-tslab"), within);
  const jupyter = within("./dist/jupyter.js") as Pick<Tslab, "JupyterHandlerImpl" | "ZmqServer"> & {
    lastWriteDisplayData: unknown;
  };
  const { createConverter } = within("./dist/converter.js") as Pick<Tslab, "createConverter">;
  const { createExecutor } = within("./dist/executor.js") as Pick<Tslab, "createExecutor">;
  return {
    typescriptVersion: compiler.version,
    createConverter,
    createExecutor,
    JupyterHandlerImpl: jupyter.JupyterHandlerImpl,
    ZmqServer: jupyter.ZmqServer,
    displayThrough: (write) => {
      jupyter.lastWriteDisplayData = write;
    },
  };
}
