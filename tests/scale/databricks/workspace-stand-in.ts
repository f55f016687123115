import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the wire carries
type Json = any;

interface Index {
  spec: Json;
  rows: Map<string, Record<string, unknown>>;
}

/**
 * A stand-in for a workspace, from the documented wire format (docs.databricks.com: vector-search, serving-endpoints,
 * unity-catalog/models, oidc). It refuses what the documents refuse: wrong tokens, unknown members of an endpoint's or
 * index's spec, data for a Delta Sync index, values that are not of the declared type, columns and query types that there
 * are not, an update while another is in progress.
 */
export async function startWorkspace({
  client,
  token = "dapi-static",
  expires = 3600,
}: { client?: { id: string; secret: string }; token?: string; expires?: number } = {}) {
  const calls: { method: string; path: string; body: Json }[] = [];
  const good = new Set([token]);
  const indexes = new Map<string, Index>();
  const endpoints = new Map<string, Json>();
  const vectorEndpoints = new Set<string>();
  const models = new Map<string, { aliases: Map<string, number>; versions: number[] }>();
  const tables = new Map<string, Record<string, unknown>[]>();
  let logins = 0;
  let fail: number[] = [];
  let refusals = 0;
  let leaky = false;

  const error = (status: number, error_code: string, message: string) => ({
    status,
    body: { error_code, message },
  });

  function answer(
    method: string,
    url: URL,
    body: Json,
    authorization: string,
  ): { status: number; body: Json } {
    const path = decodeURIComponent(url.pathname);
    if (path === "/oidc/v1/token") {
      const basic = `Basic ${Buffer.from(`${client?.id}:${client?.secret}`).toString("base64")}`;
      if (!client || authorization !== basic || refusals-- > 0)
        return { status: 401, body: { error: "invalid_client" } };
      const form = new URLSearchParams(body);
      if (form.get("grant_type") !== "client_credentials" || form.get("scope") !== "all-apis")
        return { status: 400, body: { error: "invalid_request" } };
      good.clear();
      const access_token = `oauth-${++logins}`;
      good.add(access_token);
      return { status: 200, body: { access_token, token_type: "Bearer", expires_in: expires } };
    }
    if (!good.has(authorization.replace("Bearer ", "")))
      return error(401, "UNAUTHENTICATED", `bad ${authorization}`);
    const failing = fail.shift();
    if (failing) return error(failing, "TEMPORARILY_UNAVAILABLE", "later");

    if (path === "/serving-endpoints/chat/completions") {
      const message = { role: "assistant", content: `${body.model} heard ${body.messages.at(-1).content}` };
      return {
        status: 200,
        body: { model: body.model, choices: [{ index: 0, message, finish_reason: "stop" }] },
      };
    }
    if (path === "/serving-endpoints/embeddings")
      return {
        status: 200,
        body: { data: body.input.map((text: string, index: number) => ({ index, embedding: embed(text) })) },
      };
    const invoked = /^\/serving-endpoints\/([^/]+)\/invocations$/.exec(path)?.[1];
    if (invoked && body.prompt !== undefined)
      return { status: 200, body: { choices: [{ text: `${body.prompt}…` }] } };
    if (invoked) {
      const rows = rowsOf(body);
      if (!rows) return error(400, "BAD_REQUEST", "expected dataframe_split or dataframe_records");
      const predict = (row: Json) =>
        invoked === "judge"
          ? { score: row.text.includes("because") ? 5 : 2, rationale: `read: ${row.text}` }
          : { answer: row.question };
      return { status: 200, body: { predictions: rows.map(predict) } };
    }

    if (path === "/api/2.0/serving-endpoints" && method === "GET")
      return {
        status: 200,
        body: {
          endpoints: [
            ...endpoints.values(),
            { name: "gte", task: "llm/v1/embeddings" },
            { name: "claude", task: "llm/v1/chat" },
          ],
        },
      };
    if (path === "/api/2.0/serving-endpoints") {
      if (endpoints.has(body.name)) return error(400, "RESOURCE_ALREADY_EXISTS", "there is one of this name");
      const wrong = unknownMember(body, endpointMembers) ?? wrongConfig(body.config);
      if (wrong) return error(400, "INVALID_PARAMETER_VALUE", wrong);
      const made = {
        name: body.name,
        config: body.config,
        state: { ready: "NOT_READY", config_update: "IN_PROGRESS" },
      };
      endpoints.set(body.name, made);
      return { status: 200, body: made };
    }
    const serving = /^\/api\/2\.0\/serving-endpoints\/([^/]+)(\/config)?$/.exec(path);
    if (serving) {
      const found = endpoints.get(serving[1]!);
      if (!found) return error(404, "RESOURCE_DOES_NOT_EXIST", "no such endpoint");
      if (!serving[2]) {
        const seen = structuredClone(found);
        found.state = { ready: "READY", config_update: "NOT_UPDATING" };
        return { status: 200, body: seen };
      }
      if (found.state.config_update === "IN_PROGRESS")
        return error(409, "RESOURCE_CONFLICT", "an update is in progress");
      const wrong = wrongConfig(body);
      if (wrong) return error(400, "INVALID_PARAMETER_VALUE", wrong);
      found.config = body;
      found.state.config_update = "IN_PROGRESS";
      return { status: 200, body: found };
    }

    const vector = /^\/api\/2\.0\/vector-search\/endpoints(?:\/(.+))?$/.exec(path);
    if (vector?.[1])
      return vectorEndpoints.has(vector[1])
        ? { status: 200, body: { name: vector[1] } }
        : error(404, "NOT_FOUND", "none");
    if (vector) {
      if (body.endpoint_type !== "STANDARD") return error(400, "INVALID_PARAMETER_VALUE", "endpoint_type");
      vectorEndpoints.add(body.name);
      return { status: 200, body: { name: body.name } };
    }
    if (path === "/api/2.0/vector-search/indexes") return createIndex(body);
    const at = /^\/api\/2\.0\/vector-search\/indexes\/([^/]+)(?:\/([\w-]+))?$/.exec(path);
    if (at) return onIndex(method, at[1]!, at[2], url, body);

    const model =
      /^\/api\/2\.1\/unity-catalog\/models(?:\/([^/]+))?(?:\/(versions|aliases))?(?:\/(.+))?$/.exec(path);
    if (model) return onModel(method, model[1], model[2], model[3], body);
    return error(404, "ENDPOINT_NOT_FOUND", `no route ${method} ${path}`);
  }

  function createIndex(body: Json) {
    const { name, endpoint_name, primary_key, index_type } = body;
    if (indexes.has(name)) return error(400, "RESOURCE_ALREADY_EXISTS", "there is one of this name");
    if (!vectorEndpoints.has(endpoint_name)) return error(404, "NOT_FOUND", `no endpoint ${endpoint_name}`);
    const spec = index_type === "DELTA_SYNC" ? body.delta_sync_index_spec : body.direct_access_index_spec;
    if (!primary_key || !spec)
      return error(400, "INVALID_PARAMETER_VALUE", "primary_key and a spec are required");
    const unknown = unknownMember(body, indexMembers) ?? unknownMember(spec, specMembers[index_type]!);
    if (unknown) return error(400, "INVALID_PARAMETER_VALUE", unknown);
    if (
      index_type === "DELTA_SYNC" &&
      (!tables.has(spec.source_table) ||
        !["TRIGGERED", "CONTINUOUS"].includes(spec.pipeline_type) ||
        !spec.embedding_source_columns?.[0]?.embedding_model_endpoint_name)
    )
      return error(400, "INVALID_PARAMETER_VALUE", "delta_sync_index_spec");
    if (index_type === "DIRECT_ACCESS") {
      const types = Object.values(JSON.parse(spec.schema_json));
      if (!types.every((type) => Object.hasOwn(isOfType, type as string)))
        return error(400, "INVALID_PARAMETER_VALUE", "schema_json");
    }
    indexes.set(name, { spec: body, rows: new Map() });
    return { status: 200, body };
  }

  function onIndex(method: string, name: string, verb: string | undefined, url: URL, body: Json) {
    const index = indexes.get(name);
    if (!index) return error(404, "RESOURCE_DOES_NOT_EXIST", `no index ${name}`);
    const {
      index_type,
      primary_key,
      direct_access_index_spec: direct,
      delta_sync_index_spec: delta,
    } = index.spec;
    const isDirect = index_type === "DIRECT_ACCESS";
    switch (verb) {
      case undefined:
        return {
          status: 200,
          body: {
            name,
            status: {
              ready: true,
              detailed_state: "ONLINE_NO_PENDING_UPDATE",
              indexed_row_count: index.rows.size,
            },
          },
        };
      case "sync":
        if (isDirect || delta.pipeline_type !== "TRIGGERED")
          return error(400, "INVALID_PARAMETER_VALUE", "only a triggered Delta Sync index is synced");
        index.rows = new Map(tables.get(delta.source_table)!.map((row) => [row[primary_key] as string, row]));
        return { status: 200, body: {} };
      case "upsert-data": {
        if (!isDirect) return error(400, "INVALID_PARAMETER_VALUE", "not a Direct Vector Access index");
        const [{ name: column, embedding_dimension }] = direct.embedding_vector_columns;
        const failed: string[] = [];
        for (const row of JSON.parse(body.inputs_json)) {
          const fits = Object.entries(row).every(([name, value]) => fitsSchema(direct, name, value));
          if (!fits || row[column]?.length !== embedding_dimension) failed.push(row[primary_key]);
          else index.rows.set(row[primary_key], row);
        }
        return {
          status: 200,
          body: {
            status: failed.length === 0 ? "SUCCESS" : "PARTIAL_SUCCESS",
            result: { failed_primary_keys: failed },
          },
        };
      }
      case "delete-data": {
        if (!isDirect || method !== "DELETE")
          return error(400, "INVALID_PARAMETER_VALUE", "not a Direct Vector Access index");
        for (const key of url.searchParams.getAll("primary_keys")) index.rows.delete(key);
        return { status: 200, body: { status: "SUCCESS", result: { success_row_count: 1 } } };
      }
      case "query":
        return query(index, body);
      default:
        return error(404, "ENDPOINT_NOT_FOUND", verb);
    }
  }

  function query({ spec, rows }: Index, body: Json) {
    const { columns, query_text, query_vector, query_type = "ANN", num_results = 10, filters_json } = body;
    const isDirect = spec.index_type === "DIRECT_ACCESS";
    if (!["ANN", "HYBRID", "FULL_TEXT"].includes(query_type))
      return error(400, "INVALID_PARAMETER_VALUE", query_type);
    if (num_results > 200) return error(400, "INVALID_PARAMETER_VALUE", "num_results");
    if (query_type === "ANN" && (isDirect ? !query_vector || query_text : !query_text || query_vector))
      return error(
        400,
        "INVALID_PARAMETER_VALUE",
        "text for computed vectors, a vector for own ones, not both",
      );
    if (query_type === "HYBRID" && (!query_text || (isDirect && !query_vector)))
      return error(400, "INVALID_PARAMETER_VALUE", "hybrid needs text, and a vector for own vectors");
    if (query_type === "FULL_TEXT" && (!query_text || query_vector))
      return error(400, "INVALID_PARAMETER_VALUE", "full text takes text alone");
    const known: string[] = isDirect
      ? Object.keys(JSON.parse(spec.direct_access_index_spec.schema_json))
      : (tables.get(spec.delta_sync_index_spec.source_table) ?? []).flatMap((row) => Object.keys(row));
    const asked = Object.keys(JSON.parse(filters_json ?? "{}")).map((key) => key.split(" ")[0]!);
    const missing = [...columns, ...asked].find((name) => !known.includes(name));
    if (missing) return error(400, "INVALID_PARAMETER_VALUE", `no column ${missing}`);
    const filters = JSON.parse(leaky ? "{}" : (filters_json ?? "{}")) as Record<string, unknown>;
    const found = [...rows.values()].filter((row) =>
      Object.entries(filters).every(([key, value]) => holds(row, key, value)),
    );
    const wanted = query_vector ?? embed(query_text ?? "");
    const scored = found.map((row) => {
      const vector = (row.vector as number[] | undefined) ?? embed(row.text as string);
      const distance = vector.reduce((sum, one, place) => sum + (one - wanted[place]!) ** 2, 0);
      return { row, score: 1 / (1 + distance) };
    });
    scored.sort((a, b) => b.score - a.score);
    const data_array = scored
      .slice(0, num_results)
      .map(({ row, score }) => [...columns.map((name: string) => row[name] ?? null), score]);
    const named = [...columns, "score"].map((name: string) => ({ name }));
    return {
      status: 200,
      body: {
        manifest: { column_count: named.length, columns: named },
        result: { row_count: data_array.length, data_array },
      },
    };
  }

  function onModel(
    method: string,
    name: string | undefined,
    part: string | undefined,
    which: string | undefined,
    body: Json,
  ) {
    if (name === undefined) {
      models.set(`${body.catalog_name}.${body.schema_name}.${body.name}`, {
        aliases: new Map(),
        versions: [1, 2, 3],
      });
      return { status: 200, body };
    }
    const model = models.get(name);
    if (!model) return error(404, "RESOURCE_DOES_NOT_EXIST", `no model ${name}`);
    if (part === undefined) return { status: 200, body: { full_name: name } };
    if (part === "versions")
      return {
        status: 200,
        body: {
          model_versions: model.versions.map((version) => ({
            version,
            status: "READY",
            run_id: `r${version}`,
          })),
        },
      };
    if (method === "PUT") {
      if (!model.versions.includes(body.version_num))
        return error(404, "RESOURCE_DOES_NOT_EXIST", "no such version");
      model.aliases.set(which!, body.version_num);
      return { status: 200, body: {} };
    }
    if (method === "DELETE") return (model.aliases.delete(which!), { status: 200, body: {} });
    const version = model.aliases.get(which!);
    return version === undefined
      ? error(404, "RESOURCE_DOES_NOT_EXIST", "no alias")
      : { status: 200, body: { version, status: "READY" } };
  }

  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const text = Buffer.concat(pieces).toString();
      const url = new URL(request.url!, "http://host");
      const json =
        (request.headers["content-type"] ?? "").includes("json") && text !== "" ? JSON.parse(text) : text;
      calls.push({ method: request.method!, path: `${url.pathname}${url.search}`, body: json });
      const { status, body } = answer(request.method!, url, json, request.headers.authorization ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    tables,
    indexes,
    /** The next answers are these statuses. */
    failNext: (...statuses: number[]) => {
      fail = statuses;
    },
    /** The next logins are refused. */
    refuseLogins: (count: number) => {
      refusals = count;
    },
    /** From now on filters are ignored. */
    leak: () => {
      leaky = true;
    },
    get logins() {
      return logins;
    },
    close: () =>
      new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  };
}

/** The rows of a scoring request, which holds them in exactly one form; undefined for any other. */
function rowsOf({ dataframe_records: records, dataframe_split: split, ...others }: Json): Json[] | undefined {
  if (Object.keys(others).length > 0 || (records === undefined) === (split === undefined)) return undefined;
  return (
    records ??
    split.data.map((cells: Json[]) =>
      Object.fromEntries(split.columns.map((name: string, place: number) => [name, cells[place]])),
    )
  );
}

const endpointMembers = ["name", "config", "tags", "description"];
const entityMembers = [
  "entity_name",
  "entity_version",
  "workload_size",
  "workload_type",
  "scale_to_zero_enabled",
  "environment_vars",
];
const indexMembers = [
  "name",
  "endpoint_name",
  "primary_key",
  "index_type",
  "delta_sync_index_spec",
  "direct_access_index_spec",
];
const specMembers: Readonly<Record<string, readonly string[]>> = {
  DELTA_SYNC: ["source_table", "pipeline_type", "embedding_source_columns", "columns_to_sync"],
  DIRECT_ACCESS: ["embedding_vector_columns", "embedding_source_columns", "schema_json"],
};
const arrayOf = (type: string) => (value: unknown) =>
  Array.isArray(value) && value.every((one) => typeof one === type);
/** The types of `schema_json`, and which values are of each. */
const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  integer: Number.isInteger,
  long: Number.isInteger,
  float: Number.isFinite,
  double: Number.isFinite,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  date: (value) => typeof value === "string",
  timestamp: (value) => typeof value === "string",
  "array<float>": arrayOf("number"),
  "array<double>": arrayOf("number"),
  "array<string>": arrayOf("string"),
};

function unknownMember(given: object, known: readonly string[]): string | undefined {
  const found = Object.keys(given).find((name) => !known.includes(name));
  return found === undefined ? undefined : `unknown member ${found}`;
}

/** What is wrong with the configuration of a serving endpoint. */
function wrongConfig(config: Json): string | undefined {
  const wrong = unknownMember(config, ["served_entities", "traffic_config"]);
  if (wrong) return wrong;
  const [entity] = config.served_entities;
  if (!entity.entity_name || typeof entity.entity_version !== "string") return "no entity";
  if (!["Small", "Medium", "Large"].includes(entity.workload_size)) return "workload_size";
  return unknownMember(entity, entityMembers);
}

function fitsSchema(spec: Json, name: string, value: unknown): boolean {
  const type = JSON.parse(spec.schema_json)[name] as string | undefined;
  return type !== undefined && (value === null || isOfType[type]!(value));
}

function holds(row: Record<string, unknown>, key: string, value: unknown): boolean {
  const [, column, operator] = /^(\w+)(?: (NOT|>=|<=|<|>))?$/.exec(key)!;
  const found = row[column!];
  const any = Array.isArray(value) ? value : [value];
  if (Array.isArray(found)) return any.some((one) => found.includes(one));
  if (operator === "NOT") return !any.includes(found);
  if (operator === ">=") return (found as number) >= (value as number);
  if (operator === "<=") return (found as number) <= (value as number);
  return any.includes(found);
}

/** A vector of length 1 that words in common bring near. */
export function embed(text: string): number[] {
  const vector = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const word of text.toLowerCase().match(/\w+/g) ?? [])
    vector[[...word].reduce((sum, one) => sum + one.charCodeAt(0), 0) % 8]!++;
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}
