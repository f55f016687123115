import { LmframeError, redact, TrackingError } from "../core/index.ts";
import type { MlflowClient } from "./client.ts";
import { type Logged, logged } from "./logged.ts";
import type { Operation } from "./operation.ts";
import { send } from "./send.ts";
import { connectServer, serverName } from "./server.ts";
import { SpoolFile } from "./spool.ts";
import { ServerAwayError } from "./rest.ts";

/** Milliseconds a server that does not answer is left alone by a run that goes on logging. */
const pause = 30_000;

/**
 * Sends operations to the server in force as they come; each is on disk first. Where the server is away they stay
 * there, and the work that is logged goes on.
 */
export class Outbox {
  readonly #spool: SpoolFile;
  #client: MlflowClient | undefined;
  #sending: Promise<void> | undefined;
  #failure: unknown;
  #notBefore = 0;

  private constructor(spool: SpoolFile) {
    this.#spool = spool;
  }

  /** Opens an outbox; `name` is for people. */
  static async open(name: string, operations: readonly Operation[] = []): Promise<Outbox> {
    return new Outbox(
      await SpoolFile.create({ version: 1, name: redact(name), server: serverName() }, operations),
    );
  }

  /** Adds an operation, which is sent in the background. */
  write(operation: Operation): void {
    this.#spool.append(operation);
    if (Date.now() >= this.#notBefore) void this.flush();
  }

  /** Sends what is there. What fails stays, and is told by {@link Outbox.close}. */
  async flush(): Promise<void> {
    while (this.#waits) {
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined;
      });
      await this.#sending;
      if (this.#failure !== undefined) return;
    }
  }

  /** What became of the run of this key, so far. */
  logged(key?: string): Logged {
    return logged(this.#spool, this.#client, key);
  }

  /**
   * Sends what is left.
   *
   * @returns why it waits in the spool, where the server is away.
   * @throws TrackingError where the server wants other credentials or cannot take the run; it is kept all the same.
   */
  async close(): Promise<string | undefined> {
    await this.#sending;
    this.#failure = undefined;
    await this.flush();
    for (const refusal of this.#spool.refused) process.emitWarning(`${refusal}; the rest is there`);
    if (!this.#waits) {
      this.#spool.remove();
      return undefined;
    }
    this.#spool.release();
    const failure = this.#failure;
    // Settings that keep the local server from starting must not cost the result of long work either.
    if (failure instanceof ServerAwayError || (!this.#client && failure instanceof LmframeError)) {
      return failure.message;
    }
    if (!(failure instanceof TrackingError)) throw failure;
    throw new TrackingError(
      `${failure.message}; what was logged is kept on disk, and mlflow.sync() sends it`,
      {
        status: failure.status,
      },
    );
  }

  get #waits(): boolean {
    return this.#spool.done < this.#spool.operations.length;
  }

  async #send(): Promise<void> {
    try {
      this.#client ??= (await connectServer()).client;
      await send(this.#spool, this.#client);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      this.#notBefore = Date.now() + pause;
    }
  }
}
