import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import type {
  CallOptions,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from "@grpc/grpc-js";
import type { ServiceDefinition } from "@grpc/proto-loader";
import { ConfigurationError } from "../../core/index.ts";
import type { SparkAddress } from "./address.ts";
import { descriptor, type FetchErrorDetailsResponse } from "./protocol.ts";
import { type ErrorReaders, errorInfo, grpcStatus, sparkError, SparkError } from "./spark-error.ts";

/** Bytes of one message, at most: a batch of Arrow is 4 MB unless a single row is longer. */
const longestMessage = 128 * 1024 * 1024;

/** Milliseconds that a call without a stream may take. */
const patience = 120_000;

type Answered = (error: ServiceError | null, response: unknown) => void;
type Unary = (request: object, metadata: Metadata, options: CallOptions, answered: Answered) => unknown;
type Streaming = (request: object, metadata: Metadata) => ClientReadableStream<unknown>;
type Uploading = (metadata: Metadata, answered: Answered) => ClientWritableStream<object>;

/** The methods by name, as gRPC makes them. */
type Client = Readonly<Record<string, unknown>> & { close(): void };

/** The methods that give one answer. */
type UnaryMethod =
  "ReleaseExecute" | "AnalyzePlan" | "ArtifactStatus" | "Interrupt" | "FetchErrorDetails" | "ReleaseSession";

/**
 * A session's wire to its server: who asks, over what, and errors in our words. Nothing is sent before the first
 * request.
 */
export class Connection {
  readonly sessionId: string;
  readonly #client: Client;
  readonly #metadata: Metadata;
  readonly #user: string;
  readonly #readers: ErrorReaders;
  #observed: string | undefined;

  private constructor(address: SparkAddress, client: Client, metadata: Metadata, readers: ErrorReaders) {
    this.sessionId = address.sessionId ?? randomUUID();
    this.#user = address.userId ?? userInfo().username;
    this.#client = client;
    this.#metadata = metadata;
    this.#readers = readers;
  }

  /** Makes the wire; gRPC is loaded here. */
  static async open(address: SparkAddress): Promise<Connection> {
    const [grpc, loader] = await Promise.all([import("@grpc/grpc-js"), import("@grpc/proto-loader")]);
    const definition = loader.fromJSON(descriptor as Parameters<typeof loader.fromJSON>[0], {
      keepCase: true,
      longs: Number,
    });
    const service = definition["spark.connect.SparkConnectService"] as ServiceDefinition;
    const readers = definition["spark.connect.Readers"] as ServiceDefinition;
    const Client = grpc.makeGenericClientConstructor(service, "SparkConnectService");
    const { host, port, tls, token, headers } = address;
    const client = new Client(
      `${host}:${port}`,
      tls ? grpc.credentials.createSsl() : grpc.credentials.createInsecure(),
      {
        "grpc.max_receive_message_length": longestMessage,
        "grpc.max_send_message_length": longestMessage,
        "grpc.keepalive_time_ms": 60_000,
        "grpc.primary_user_agent": "lmframe",
        // A proxy of the environment is for the world outside.
        ...(!tls && { "grpc.enable_http_proxy": 0 }),
      },
    );
    const metadata = new grpc.Metadata();
    try {
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    } catch (cause) {
      throw new ConfigurationError("a parameter of the Spark Connect address cannot be a header", { cause });
    }
    return new Connection(address, client, metadata, {
      status: readers.status!.responseDeserialize,
      errorInfo: readers.errorInfo!.responseDeserialize,
    });
  }

  /** Asks for one answer. `doing` completes "Spark could not …". */
  async ask<T>(doing: string, method: UnaryMethod, request: object): Promise<T> {
    const call = (this.#client[method] as Unary).bind(this.#client);
    const deadline = Date.now() + patience;
    try {
      return await new Promise<T>((resolve, reject) => {
        call(this.#signed(request), this.#metadata, { deadline }, (error, response) =>
          error ? reject(error) : resolve(response as T),
        );
      });
    } catch (error) {
      throw await this.explain(doing, error);
    }
  }

  /** Opens a stream of answers; its errors are gRPC's, for {@link explain}. */
  stream<T>(
    method: "ExecutePlan" | "ReattachExecute",
    request: object,
  ): AsyncIterable<T> & { cancel(): void } {
    return (this.#client[method] as Streaming).call(this.#client, this.#signed(request), this.#metadata);
  }

  /** Sends messages as fast as the server takes them, and gives its answer to all of them. */
  async send<T>(doing: string, method: "AddArtifacts", messages: Iterable<object>): Promise<T> {
    let sink: ClientWritableStream<object> | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        const stream = (this.#client[method] as Uploading).call(
          this.#client,
          this.#metadata,
          (error, response) => (error ? reject(error) : resolve(response as T)),
        );
        sink = stream;
        const source = messages[Symbol.iterator]();
        const pump = () => {
          for (;;) {
            const step = source.next();
            if (step.done) return stream.end();
            if (!stream.write(this.#signed(step.value))) return stream.once("drain", pump);
          }
        };
        pump();
      });
    } catch (error) {
      sink?.cancel();
      throw await this.explain(doing, error);
    }
  }

  /** Remembers which of its lives the server answered from: it refuses requests that were meant for another. */
  observe(serverSideSessionId: string | undefined): void {
    if (serverSideSessionId) this.#observed ??= serverSideSessionId;
  }

  /** What Spark calls an error that ended a stream; "" where it gave none. */
  errorClassOf(error: unknown): string {
    const { metadata, details = "" } = error as Partial<ServiceError>;
    return errorInfo(metadata, this.#readers).errorClass ?? /\[([A-Z_.]+)\]/.exec(details)?.[1] ?? "";
  }

  /** An error of gRPC as one of ours, with the server's whole account of it where it gives one. */
  async explain(doing: string, error: unknown): Promise<unknown> {
    if (!(error instanceof Error) || error instanceof SparkError || !("code" in error)) return error;
    const failure = error as ServiceError;
    const info = errorInfo(failure.metadata, this.#readers);
    let details: FetchErrorDetailsResponse | undefined;
    if (info.errorId) {
      details = await this.ask<FetchErrorDetailsResponse>("explain an error", "FetchErrorDetails", {
        error_id: info.errorId,
      }).catch(() => undefined);
    }
    if ((failure.code as number) === grpcStatus.unavailable) {
      return new SparkError(
        `Spark could not ${doing}: the server cannot be reached (${failure.details}). ` +
          "Check the address, and that the server runs",
        { cause: error, status: failure.code },
      );
    }
    return sparkError(doing, failure, info, details);
  }

  /** Ends the wire. */
  close(): void {
    this.#client.close();
  }

  #signed(request: object): object {
    return {
      session_id: this.sessionId,
      user_context: { user_id: this.#user, user_name: this.#user },
      client_type: "lmframe",
      ...(this.#observed !== undefined && { client_observed_server_side_session_id: this.#observed }),
      ...request,
    };
  }
}
