import type { Metadata, ServiceError } from "@grpc/grpc-js";
import { LmframeError, redact } from "../../core/index.ts";
import type { FetchErrorDetailsResponse } from "./protocol.ts";

/** What Spark refused or could not do, in its own words, and what can be done about it. */
export class SparkError extends LmframeError {
  override name = "SparkError";
  /** Spark's name for the error, such as `TABLE_OR_VIEW_NOT_FOUND`; undefined where it gave none. */
  readonly errorClass: string | undefined;
  /** Of the SQL standard, such as `42P01`; undefined where Spark gave none. */
  readonly sqlState: string | undefined;
  /** The same without Spark's words: which status of gRPC ended the call. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & {
      errorClass?: string | undefined;
      sqlState?: string | undefined;
      status?: number | undefined;
    } = {},
  ) {
    super(redact(message), options);
    this.errorClass = options.errorClass;
    this.sqlState = options.sqlState;
    this.status = options.status;
  }
}

/** Statuses of gRPC by number (https://grpc.io/docs/guides/status-codes/). */
export const grpcStatus = {
  cancelled: 1,
  unavailable: 14,
  unauthenticated: 16,
  permissionDenied: 7,
} as const;

/** What can be done about errors that have one remedy. */
const remedies: readonly [pattern: RegExp, remedy: string][] = [
  [/TABLE_OR_VIEW_NOT_FOUND/, "name the table with its catalog and schema, as in catalog.schema.table"],
  [/PATH_NOT_FOUND/, "a path is one that the cluster sees, not this machine"],
  [/UNRESOLVED_COLUMN/, "list the columns with `await frame.columns()`"],
  [/SESSION_(NOT_FOUND|CLOSED|CHANGED)/, "the server forgot this session or was started again: connect anew"],
];

/** What a service's readers give of the bytes that come with a failed call. */
export interface ErrorReaders {
  status(bytes: Buffer): { details?: readonly { type_url?: string; value?: Buffer }[] };
  errorInfo(bytes: Buffer): { reason?: string; metadata?: Readonly<Record<string, string>> };
}

/** The members of Spark's ErrorInfo that came with a failed call. */
export function errorInfo(
  metadata: Metadata | undefined,
  readers: ErrorReaders,
): Readonly<Record<string, string>> {
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  if (!Buffer.isBuffer(bytes)) return {};
  for (const { type_url, value } of readers.status(bytes).details ?? []) {
    if (type_url?.endsWith("google.rpc.ErrorInfo") && value) return readers.errorInfo(value).metadata ?? {};
  }
  return {};
}

/**
 * A failed call as an error of ours.
 *
 * @param info - what came with it.
 * @param details - the server's whole account of it; undefined where it gave none.
 */
export function sparkError(
  doing: string,
  error: ServiceError,
  info: Readonly<Record<string, string>>,
  details: FetchErrorDetailsResponse | undefined,
): SparkError {
  const chain = causes(details);
  const throwable = chain.find(({ spark_throwable }) => spark_throwable?.error_class)?.spark_throwable;
  const errorClass = throwable?.error_class ?? info.errorClass;
  const sqlState = throwable?.sql_state || info.sqlState || undefined;
  const said = chain.map(({ message }) => message).filter((text) => text !== undefined && text !== "");
  // A cause's words are often repeated in those of what it caused.
  const texts = said.filter((text, at) => !said.some((other, i) => i < at && other!.includes(text!)));
  const account = texts.length > 0 ? texts.join("\ncaused by: ") : error.details || error.message;
  const remedy = remedies.find(([pattern]) => pattern.test(errorClass ?? account))?.[1];
  const code = [errorClass, sqlState && `SQL state ${sqlState}`].filter(Boolean).join(", ");
  const named = code === "" || account.includes(`[${errorClass}]`) ? "" : ` (${code})`;
  return new SparkError(
    `Spark could not ${doing}: ${account}${named}${remedy ? `. What to do: ${remedy}` : ""}`,
    {
      cause: error,
      errorClass,
      sqlState,
      status: error.code,
    },
  );
}

type ErrorDetail = NonNullable<FetchErrorDetailsResponse["errors"]>[number];

function causes(details: FetchErrorDetailsResponse | undefined): ErrorDetail[] {
  const errors = details?.errors ?? [];
  const chain: ErrorDetail[] = [];
  let at: number | undefined = details?.root_error_idx ?? 0;
  while (at !== undefined && errors[at] && !chain.includes(errors[at]!)) {
    chain.push(errors[at]!);
    at = errors[at]!.cause_idx;
  }
  return chain;
}
