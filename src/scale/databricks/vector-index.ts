import { ConfigurationError, ModelError, type Span, traced } from "../../core/index.ts";
import {
  type Passage,
  type Retriever,
  type SearchMode,
  type SearchOptions,
  withCallSettings,
} from "../../modules/index.ts";
import type { Document, Embedder } from "../../retrieval/index.ts";
import { accessSet, maySee, principalInForce } from "../../retrieval/access/access-set.ts";
import { fieldTypes, fieldValues, type VectorFieldType } from "./field-type.ts";
import { columnName, filterJson } from "./filter.ts";
import type { Workspace } from "./workspace.ts";

/** Where in an index's rows a passage's parts stand. */
export interface VectorColumns {
  /** The primary key. Default `id`. */
  id?: string | undefined;
  /** Default `text`. */
  text?: string | undefined;
  /** The file a row was read from, where the rows tell. */
  file?: string | undefined;
  /**
   * A column of `array<string>` with the groups that may see a row; each search is then on behalf of a principal.
   * False: everybody who may search sees all. Default `groups`.
   */
  groups?: string | false | undefined;
  /**
   * Further columns to give as a passage's fields: their names, or their types by name, as in `{ year: "long" }`. Names
   * alone are of type `string`; an index that rows are put into must know the others' types, so that `min` and `max`
   * compare numbers as numbers. One over a Delta table has the types of its table. Default: none.
   */
  fields?: readonly string[] | Readonly<Record<string, VectorFieldType>> | undefined;
  /** The vectors' column, where they are made here. Default `vector`. */
  vector?: string | undefined;
}

/** What an index is made of, beside its name. */
export type VectorIndexSource =
  | {
      /** A Delta table whose change feed the index follows; see {@link deltaSourceTable}. */
      table: string;
      /** The serving endpoint that makes the vectors of the text. */
      embeddingEndpoint: string;
      /** `TRIGGERED`: by {@link DatabricksIndex.sync}. `CONTINUOUS`: on its own. Default `TRIGGERED`. */
      pipeline?: "TRIGGERED" | "CONTINUOUS" | undefined;
    }
  | {
      /** Rows are put by {@link DatabricksIndex.put}, with vectors of this many numbers. Default 1,024. */
      dimension?: number | undefined;
    };

/** Options of an index. */
export interface DatabricksIndexOptions {
  columns?: VectorColumns | undefined;
  /** Makes the vectors of texts and queries, for an index that rows are put into. */
  embedder?: Embedder | undefined;
}

/** How an index stands. */
export interface IndexStatus {
  ready: boolean;
  /** In Databricks' words: `ONLINE_NO_PENDING_UPDATE`. */
  state: string;
  rows: number | undefined;
}

/** {@link VectorColumns} with their defaults. */
interface ColumnNames {
  types: Readonly<Record<string, VectorFieldType>>;
  id: string;
  text: string;
  file: string | undefined;
  groups: string | false;
  fields: readonly string[];
  vector: string;
}

const queryTypes: Readonly<Record<SearchMode, string>> = {
  vector: "ANN",
  text: "FULL_TEXT",
  hybrid: "HYBRID",
};
const api = "/api/2.0/vector-search";
/** Rows of one request at most. */
const batchSize = 100;
const mostResults = 200;

interface QueryAnswer {
  manifest?: { columns?: { name: string }[] };
  result?: { data_array?: unknown[][] | null };
}
interface WriteAnswer {
  status?: string;
  result?: { failed_primary_keys?: string[] };
}

/**
 * An index of Databricks Vector Search, searched as one on this machine is. Wire format: docs.databricks.com,
 * `/api/2.0/vector-search/indexes` (create, get, query, sync, upsert-data, delete-data), for standard endpoints.
 *
 * Searches keep to the groups of their principal twice: by a filter at Databricks, and by the groups each row comes
 * back with. Where access must not rest on a filter, give each set of groups an index of its own.
 */
export class DatabricksIndex implements Retriever {
  /** `catalog.schema.index`. */
  readonly name: string;
  readonly #workspace: Workspace;
  readonly #columns: ColumnNames;
  readonly #embedder: Embedder | undefined;

  /** @internal */
  constructor(workspace: Workspace, name: string, { columns = {}, embedder }: DatabricksIndexOptions = {}) {
    if (name.split(".").length !== 3)
      throw new ConfigurationError(`invalid index: "${name}", expected catalog.schema.index`);
    const { id = "id", text = "text", groups = "groups", vector = "vector", file } = columns;
    const types = fieldTypes(columns.fields ?? []);
    const fields = Object.keys(types);
    for (const column of [id, text, vector, ...fields, ...(groups ? [groups] : []), ...(file ? [file] : [])])
      columnName(column);
    this.name = name;
    this.#workspace = workspace;
    this.#columns = { id, text, groups, fields, types, vector, file };
    this.#embedder = embedder;
  }

  get #path(): string {
    return `${api}/indexes/${encodeURIComponent(this.name)}`;
  }

  /**
   * Makes the index at a Vector Search endpoint. It is ready some minutes later: {@link DatabricksIndex.status}.
   *
   * @throws RefusedError where there is one of this name, or Databricks does not take it.
   */
  async create(endpoint: string, source: VectorIndexSource): Promise<void> {
    const { id, text, vector, groups, types, file } = this.#columns;
    const strings = [id, text, ...(file ? [file] : [])];
    const spec =
      "table" in source
        ? {
            index_type: "DELTA_SYNC",
            delta_sync_index_spec: {
              source_table: source.table,
              pipeline_type: source.pipeline ?? "TRIGGERED",
              embedding_source_columns: [
                { name: text, embedding_model_endpoint_name: source.embeddingEndpoint },
              ],
            },
          }
        : {
            index_type: "DIRECT_ACCESS",
            direct_access_index_spec: {
              embedding_vector_columns: [{ name: vector, embedding_dimension: source.dimension ?? 1024 }],
              schema_json: JSON.stringify({
                ...Object.fromEntries(strings.map((column) => [column, "string"])),
                ...types,
                ...(groups && { [groups]: "array<string>" }),
                [vector]: "array<float>",
              }),
            },
          };
    await this.#workspace.json({
      doing: `create the index ${this.name}`,
      method: "POST",
      path: `${api}/indexes`,
      json: { name: this.name, endpoint_name: endpoint, primary_key: id, ...spec },
      idempotent: false,
    });
  }

  /** How the index stands; undefined where there is none. */
  async status(): Promise<IndexStatus | undefined> {
    const answer = await this.#workspace.found<{
      status?: { ready?: boolean; detailed_state?: string; message?: string; indexed_row_count?: number };
    }>({ doing: `read the index ${this.name}`, method: "GET", path: this.#path });
    return (
      answer && {
        ready: answer.status?.ready === true,
        state: answer.status?.detailed_state ?? answer.status?.message ?? "",
        rows: answer.status?.indexed_row_count,
      }
    );
  }

  /** Takes in what changed in the Delta table since the last time; for an index whose pipeline is `TRIGGERED`. */
  async sync(): Promise<void> {
    await this.#workspace.json({
      doing: `sync the index ${this.name}`,
      method: "POST",
      path: `${this.#path}/sync`,
    });
  }

  /**
   * Puts documents, in place of those of the same id. For an index that takes rows; one over a Delta table changes with its table.
   *
   * @throws ConfigurationError where no embedder was given, or `groups` do not fit the index; DataError for a field that is
   * not of its type; ModelError naming the rows that were not taken.
   */
  async put(
    documents: Iterable<Document>,
    options: { groups?: readonly string[]; signal?: AbortSignal } = {},
  ): Promise<void> {
    const embedder = this.#requireEmbedder();
    const { id, text, vector, groups, types, file } = this.#columns;
    if (!groups && options.groups)
      throw new ConfigurationError(`the index ${this.name} has no column of groups`);
    const seen = groups ? { [groups]: accessSet(options.groups ?? []) } : {};
    for (const batch of batches(documents)) {
      const held = batch.map((document) => fieldValues(document, types));
      const vectors = await embedder.embed(
        batch.map((document) => document.text),
        { signal: options.signal },
      );
      const rows = batch.map((document, place) => ({
        [id]: document.id,
        [text]: document.text,
        ...held[place],
        ...(file && { [file]: document.source?.file ?? null }),
        ...seen,
        [vector]: [...vectors[place]!],
      }));
      const answer = await this.#workspace.json<WriteAnswer>({
        doing: `put documents into ${this.name}`,
        method: "POST",
        path: `${this.#path}/upsert-data`,
        json: { inputs_json: JSON.stringify(rows) },
        signal: options.signal,
      });
      requireSuccess(answer, `put into ${this.name}`);
    }
  }

  /** Removes documents by their ids. For an index that takes rows. */
  async delete(ids: Iterable<string>): Promise<void> {
    for (const batch of batches(ids)) {
      const answer = await this.#workspace.json<WriteAnswer>({
        doing: `delete documents of ${this.name}`,
        method: "DELETE",
        path: `${this.#path}/delete-data`,
        query: batch.map((id) => ["primary_keys", id] as const),
      });
      requireSuccess(answer, `deleted from ${this.name}`);
    }
  }

  /**
   * @throws ConfigurationError without a principal, where the index has a column of groups, for an invalid `k`, and for a
   * filter that Vector Search cannot express.
   */
  async search(query: string, options: SearchOptions = {}): Promise<Passage[]> {
    const { k = 5, mode = "hybrid", filter = {}, signal } = options;
    if (!(Number.isInteger(k) && k >= 1 && k <= mostResults))
      throw new ConfigurationError(`invalid k: ${k}, expected 1 to ${mostResults}`);
    const { id, text, groups, fields, file } = this.#columns;
    const principal = groups ? principalInForce(options.principal) : undefined;
    if (groups && groups in filter) throw new ConfigurationError(`the filter must leave "${groups}" alone`);
    // An empty list might mean no condition at all.
    if (principal?.groups.length === 0) return [];
    const conditions = { ...filterJson(filter), ...(groups && { [groups]: [...principal!.groups] }) };
    const find = async (span?: Span) => {
      if (span && principal) span.attributes.principal = principal.id;
      const [vector] = (mode === "text" ? undefined : await this.#embedder?.embed([query], { signal })) ?? [];
      const answer = await this.#workspace.json<QueryAnswer>({
        doing: `query the index ${this.name}`,
        method: "POST",
        path: `${this.#path}/query`,
        json: {
          columns: [id, text, ...fields, ...(file ? [file] : []), ...(groups ? [groups] : [])],
          query_type: queryTypes[mode],
          num_results: k,
          // A hybrid query needs the words as well.
          ...((vector === undefined || mode === "hybrid") && { query_text: query }),
          ...(vector && { query_vector: [...vector] }),
          ...(Object.keys(conditions).length > 0 && { filters_json: JSON.stringify(conditions) }),
        },
        signal,
      });
      const rows = readRows(answer);
      const visible = principal && groups ? rows.filter((row) => sees(row[groups], principal)) : rows;
      return visible.map((row) => this.#passage(row, mode));
    };
    // What is embedded is embedded on behalf of who searches, whoever calls.
    return withCallSettings(options.principal && { principal: options.principal }, () =>
      traced("retriever", this.name, { query, k, mode, filter }, find),
    );
  }

  #passage(row: Readonly<Record<string, unknown>>, mode: SearchMode): Passage {
    const { id, text, fields, file } = this.#columns;
    const score = Number(row.score);
    return {
      id: asText(row[id]),
      text: asText(row[text]),
      source: file && typeof row[file] === "string" ? { file: row[file] } : {},
      fields: Object.fromEntries(fields.map((field) => [field, row[field] ?? null])),
      score,
      // Vector Search scores by 1 / (1 + d²), d being the distance of the vectors, which are of length 1.
      ...(mode === "vector" && score > 0 && { similarity: 1 - (1 / score - 1) / 2 }),
    };
  }

  #requireEmbedder(): Embedder {
    if (this.#embedder) return this.#embedder;
    throw new ConfigurationError(
      `documents are put into ${this.name} with their vectors, so it needs an embedder; one over a Delta table changes with its table`,
    );
  }
}

/** Rows by column. The score is the last column, named so. */
function readRows({ manifest, result }: QueryAnswer): Record<string, unknown>[] {
  const names = (manifest?.columns ?? []).map(({ name }) => name);
  return (result?.data_array ?? []).map((values) => {
    if (values.length !== names.length)
      throw new ModelError(`Vector Search gave ${values.length} values for ${names.length} columns`);
    return Object.fromEntries(names.map((name, place) => [name, values[place]]));
  });
}

/** Arrays come as such, or as JSON text. What cannot be read is seen by nobody. */
function sees(value: unknown, principal: Parameters<typeof maySee>[0]): boolean {
  let groups = value;
  if (typeof value === "string") {
    try {
      groups = JSON.parse(value);
    } catch {
      return false;
    }
  }
  return Array.isArray(groups) && maySee(principal, groups as string[]);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function requireSuccess({ status, result }: WriteAnswer, what: string): void {
  if (status === "SUCCESS") return;
  const failed = result?.failed_primary_keys ?? [];
  throw new ModelError(
    `not everything was ${what}: ${status ?? "no status"}, failed ${failed.slice(0, 20).join(", ")}`,
  );
}

function* batches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
