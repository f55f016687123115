import { ConfigurationError, onUse, traced } from "../core/index.ts";
import { signature } from "../signature/index.ts";
import { callSettings, withCallSettings } from "./call-settings.ts";
import { Module } from "./module.ts";
import type { Filter, Passage, Retriever, SearchMode, SearchOptions } from "./retriever.ts";

/** How a program searches. */
export interface RetrieveOptions {
  /** Passages a search gives. Default 5. */
  k?: number | undefined;
  /** Default `hybrid`. */
  mode?: SearchMode | undefined;
  filter?: Filter | undefined;
}

const search = onUse(() => signature("query -> passages: list[dict[str, Any]]"));

/** The step that searches: `query -> passages`, on behalf of the principal of the call. */
export class Retrieve extends Module {
  static override get signature() {
    return search();
  }

  readonly retriever: Retriever;
  readonly k: number;
  private readonly options: Omit<RetrieveOptions, "k">;

  constructor(retriever: Retriever, { k = 5, ...options }: RetrieveOptions = {}) {
    super();
    if (!(Number.isInteger(k) && k > 0)) {
      throw new ConfigurationError(`invalid k: ${k}; expected a whole number of passages, at least 1`);
    }
    this.retriever = retriever;
    this.k = k;
    this.options = options;
  }

  async forward({ query }: { query: string }): Promise<{ passages: Passage[] }> {
    const { signal } = callSettings();
    return { passages: await this.retriever.search(query, { ...this.options, k: this.k, signal }) };
  }
}

/**
 * A passage as a model reads it: its text, then what else its row holds, a value to a line.
 * `OIL LEAK AT #2 ROCKER COVER` with `action: REPLACED GASKET` below.
 */
export function passageText({ text, fields }: Pick<Passage, "text" | "fields">): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => `${name}: ${String(value)}`);
  return [text, ...lines].join("\n");
}

/**
 * A retriever that is a function: your own search engine, or a planted one in a test. Its searches are heard of as
 * those of an index are, and what it calls is called on behalf of the search's principal; who may see what is the
 * function's concern.
 */
export class FunctionRetriever implements Retriever {
  readonly name: string;
  readonly #search: Retriever["search"];

  constructor(name: string, search: Retriever["search"]) {
    this.name = name;
    this.#search = search;
  }

  search(query: string, options: SearchOptions = {}): Promise<Passage[]> {
    const { k, mode, principal } = options;
    return withCallSettings(principal && { principal }, () =>
      traced("retriever", this.name, { query, k, mode }, () => this.#search(query, options)),
    );
  }
}
