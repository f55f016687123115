/**
 * The part of Spark Connect's protocol that is used here, as names and numbers of fields
 * (https://spark.apache.org/docs/latest/spark-connect-overview.html). It is data in the code, so that a bundle needs
 * no file beside it. Enumerations are whole numbers: their members have names below.
 */
const one = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: "repeated" });
const texts = (id: number, type = "string") => ({ id, type, keyType: "string" });
const message = (fields: Readonly<Record<string, object>>) => ({ fields });
const method = (requestType: string, responseType: string) => ({ requestType, responseType });

/** What every request says of who asks. */
const asker = (observed: number, client: number) => ({
  session_id: one(1, "string"),
  client_observed_server_side_session_id: one(observed, "string"),
  user_context: one(2, "UserContext"),
  client_type: one(client, "string"),
});

const requests = {
  UserContext: message({ user_id: one(1, "string"), user_name: one(2, "string") }),
  ExecutePlanRequest: message({
    ...asker(8, 4),
    operation_id: one(6, "string"),
    plan: one(3, "Plan"),
    request_options: many(5, "RequestOption"),
  }),
  RequestOption: message({ reattach_options: one(1, "ReattachOptions") }),
  ReattachOptions: message({ reattachable: one(1, "bool") }),
  ReattachExecuteRequest: message({
    ...asker(6, 4),
    operation_id: one(3, "string"),
    last_response_id: one(5, "string"),
  }),
  ReleaseExecuteRequest: message({
    ...asker(7, 4),
    operation_id: one(3, "string"),
    release_all: one(5, "Nothing"),
  }),
  InterruptRequest: message({
    ...asker(7, 3),
    interrupt_type: one(4, "int32"),
    operation_id: one(6, "string"),
  }),
  ReleaseSessionRequest: message({
    session_id: one(1, "string"),
    user_context: one(2, "UserContext"),
    client_type: one(3, "string"),
  }),
  FetchErrorDetailsRequest: message({ ...asker(5, 4), error_id: one(3, "string") }),
  AnalyzePlanRequest: message({ ...asker(17, 3), spark_version: one(10, "Nothing") }),
  AddArtifactsRequest: message({
    ...asker(7, 6),
    batch: one(3, "ArtifactBatch"),
    begin_chunk: one(4, "BeginChunkedArtifact"),
    chunk: one(5, "ArtifactChunk"),
  }),
  ArtifactBatch: message({ artifacts: many(1, "SingleChunkArtifact") }),
  SingleChunkArtifact: message({ name: one(1, "string"), data: one(2, "ArtifactChunk") }),
  BeginChunkedArtifact: message({
    name: one(1, "string"),
    total_bytes: one(2, "int64"),
    num_chunks: one(3, "int64"),
    initial_chunk: one(4, "ArtifactChunk"),
  }),
  ArtifactChunk: message({ data: one(1, "bytes"), crc: one(2, "int64") }),
  ArtifactStatusesRequest: message({ ...asker(5, 3), names: many(4, "string") }),
  Nothing: message({}),
};

const responses = {
  ExecutePlanResponse: message({
    server_side_session_id: one(15, "string"),
    response_id: one(13, "string"),
    arrow_batch: one(2, "ArrowBatch"),
    sql_command_result: one(5, "SqlCommandResult"),
    result_complete: one(14, "Nothing"),
    execution_progress: one(18, "ExecutionProgress"),
  }),
  ArrowBatch: message({ row_count: one(1, "int64"), data: one(2, "bytes") }),
  SqlCommandResult: message({ relation: one(1, "Relation") }),
  ExecutionProgress: message({ stages: many(1, "StageInfo"), num_inflight_tasks: one(2, "int64") }),
  StageInfo: message({
    stage_id: one(1, "int64"),
    num_tasks: one(2, "int64"),
    num_completed_tasks: one(3, "int64"),
  }),
  AnalyzePlanResponse: message({
    server_side_session_id: one(15, "string"),
    spark_version: one(8, "SparkVersion"),
  }),
  SparkVersion: message({ version: one(1, "string") }),
  AddArtifactsResponse: message({ artifacts: many(1, "ArtifactSummary") }),
  ArtifactSummary: message({ name: one(1, "string"), is_crc_successful: one(2, "bool") }),
  ArtifactStatusesResponse: message({ statuses: texts(1, "ArtifactStatus") }),
  ArtifactStatus: message({ exists: one(1, "bool") }),
  FetchErrorDetailsResponse: message({ root_error_idx: one(1, "int32"), errors: many(2, "ErrorDetail") }),
  ErrorDetail: message({
    error_type_hierarchy: many(1, "string"),
    message: one(2, "string"),
    cause_idx: one(4, "int32"),
    spark_throwable: one(5, "SparkThrowable"),
  }),
  SparkThrowable: message({ error_class: one(1, "string"), sql_state: one(4, "string") }),
};

const plans = {
  Plan: message({ root: one(1, "Relation"), command: one(2, "Command") }),
  Command: message({
    write_operation: one(2, "WriteOperation"),
    sql_command: one(5, "SqlCommand"),
  }),
  SqlCommand: message({ input: one(6, "Relation") }),
  WriteOperation: message({
    input: one(1, "Relation"),
    source: one(2, "string"),
    path: one(3, "string"),
    table: one(4, "SaveTable"),
    mode: one(5, "int32"),
    partitioning_columns: many(7, "string"),
    options: texts(9),
  }),
  SaveTable: message({ table_name: one(1, "string"), save_method: one(2, "int32") }),
  Relation: message({
    common: one(1, "RelationCommon"),
    read: one(2, "Read"),
    limit: one(8, "Limit"),
    sql: one(10, "SQL"),
    local_relation: one(11, "LocalRelation"),
    subquery_alias: one(16, "SubqueryAlias"),
    with_relations: one(41, "WithRelations"),
    chunked_cached_local_relation: one(45, "ChunkedCachedLocalRelation"),
  }),
  RelationCommon: message({ plan_id: one(2, "int64") }),
  Read: message({ named_table: one(1, "NamedTable"), data_source: one(2, "DataSource") }),
  NamedTable: message({ unparsed_identifier: one(1, "string") }),
  DataSource: message({
    format: one(1, "string"),
    schema: one(2, "string"),
    options: texts(3),
    paths: many(4, "string"),
  }),
  Limit: message({ input: one(1, "Relation"), limit: one(2, "int32") }),
  SQL: message({ query: one(1, "string"), named_arguments: texts(4, "Expression") }),
  Expression: message({ literal: one(1, "Literal") }),
  Literal: message({
    null: one(1, "DataType"),
    boolean: one(3, "bool"),
    long: one(7, "int64"),
    double: one(11, "double"),
    string: one(13, "string"),
    timestamp: one(17, "int64"),
  }),
  DataType: message({ null: one(1, "Nothing") }),
  LocalRelation: message({ data: one(1, "bytes"), schema: one(2, "string") }),
  ChunkedCachedLocalRelation: message({ dataHashes: many(1, "string"), schemaHash: one(2, "string") }),
  SubqueryAlias: message({ input: one(1, "Relation"), alias: one(2, "string") }),
  WithRelations: message({ root: one(1, "Relation"), references: many(2, "Relation") }),
};

/** How an error is told beside the status of a call (`grpc-status-details-bin`, google.rpc.Status). */
const statuses = {
  Status: message({ details: many(3, "Any") }),
  Any: message({ type_url: one(1, "string"), value: one(2, "bytes") }),
  ErrorInfo: message({ reason: one(1, "string"), metadata: texts(3) }),
};

export const descriptor = {
  nested: {
    spark: {
      nested: {
        connect: {
          nested: {
            ...requests,
            ...responses,
            ...plans,
            ...statuses,
            SparkConnectService: {
              methods: {
                ExecutePlan: { ...method("ExecutePlanRequest", "ExecutePlanResponse"), responseStream: true },
                ReattachExecute: {
                  ...method("ReattachExecuteRequest", "ExecutePlanResponse"),
                  responseStream: true,
                },
                ReleaseExecute: method("ReleaseExecuteRequest", "Nothing"),
                AnalyzePlan: method("AnalyzePlanRequest", "AnalyzePlanResponse"),
                AddArtifacts: {
                  ...method("AddArtifactsRequest", "AddArtifactsResponse"),
                  requestStream: true,
                },
                ArtifactStatus: method("ArtifactStatusesRequest", "ArtifactStatusesResponse"),
                Interrupt: method("InterruptRequest", "Nothing"),
                FetchErrorDetails: method("FetchErrorDetailsRequest", "FetchErrorDetailsResponse"),
                ReleaseSession: method("ReleaseSessionRequest", "Nothing"),
              },
            },
            // Never called: a service is how proto-loader gives the readers of messages that travel as bytes.
            Readers: {
              methods: { status: method("Nothing", "Status"), errorInfo: method("Nothing", "ErrorInfo") },
            },
          },
        },
      },
    },
  },
};

/** How a write treats what is there. */
export const saveMode = { append: 1, overwrite: 2, error: 3 } as const;

/** How a table is written: made, or appended to by the names of columns. */
export const tableSaveMethod = { saveAsTable: 1 } as const;

/** What an interrupt ends. */
export const interruptType = { operation: 3 } as const;

/** A table that the server works out; nested as its steps are. One member is there. */
export interface Relation {
  common?: { plan_id: number };
  read?:
    | { named_table: { unparsed_identifier: string } }
    | {
        data_source: {
          format: string;
          paths: readonly string[];
          options: Readonly<Record<string, string>>;
          schema?: string;
        };
      };
  limit?: { input: Relation; limit: number };
  sql?: { query: string; named_arguments: Readonly<Record<string, { literal: Literal }>> };
  local_relation?: { data: Uint8Array };
  chunked_cached_local_relation?: { dataHashes: readonly string[] };
  subquery_alias?: { input: Relation; alias: string };
  with_relations?: { root: Relation; references: readonly Relation[] };
}

/** A value beside a query. One member is there. */
export interface Literal {
  null?: object;
  boolean?: boolean;
  long?: number;
  double?: number;
  string?: string;
  /** Microseconds since the epoch. */
  timestamp?: number;
}

/** What the server is to do. */
export interface Plan {
  root?: Relation;
  command?: {
    sql_command?: { input: Relation };
    write_operation?: {
      input: Relation;
      mode: number;
      source?: string;
      path?: string;
      table?: { table_name: string; save_method: number };
      partitioning_columns: readonly string[];
      options: Readonly<Record<string, string>>;
    };
  };
}

/** One message of an execution. */
export interface ExecutePlanResponse {
  server_side_session_id?: string;
  response_id?: string;
  arrow_batch?: { row_count?: number; data: Buffer };
  sql_command_result?: { relation: Relation };
  result_complete?: object;
  execution_progress?: {
    stages?: readonly { stage_id?: number; num_tasks?: number; num_completed_tasks?: number }[];
  };
}

/** The errors behind a failed call, the first cause last. */
export interface FetchErrorDetailsResponse {
  root_error_idx?: number;
  errors?: readonly {
    error_type_hierarchy?: readonly string[];
    message?: string;
    cause_idx?: number;
    spark_throwable?: { error_class?: string; sql_state?: string };
  }[];
}
