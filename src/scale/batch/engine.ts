import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigurationError } from "../../core/index.ts";
import type { Dataset, Scan } from "../../data/index.ts";
import { OpenAIModel, type OpenAIModelOptions, retrying } from "../../lm/index.ts";
import { listPrice, type Price } from "../../lm/prices.ts";
import { map, type MapEngine, type MapRowsOptions, type Module } from "../../modules/index.ts";
import { BatchClient } from "./client.ts";
import { BatchJournal } from "./journal.ts";
import { BatchQueue } from "./queue.ts";

/** Options of {@link batch}. */
export interface BatchOptions extends OpenAIModelOptions {
  /**
   * Folder for what was sent and answered, so that another process goes on. Default: `<to>.batches` beside the map's
   * file, removed once that is written.
   */
  folder?: string | undefined;
  /** Share of the price that is paid in a batch. Default 0.5, as at OpenAI. */
  discount?: number | undefined;
  /** Seconds without a further request after which a batch is sent. Default 2. */
  gather?: number | undefined;
  /** Seconds between two looks at a batch. Default 30. */
  poll?: number | undefined;
  /** Requests of a batch at most. Default 50,000, OpenAI's limit. */
  requests?: number | undefined;
  /** Bytes of a batch at most. Default 200 million, OpenAI's limit. */
  bytes?: number | undefined;
}

/** How often a request is sent where its batch does not answer it. */
const attempts = 4;

/**
 * Runs a map over the batch interface of an OpenAI-compatible endpoint: half the price, for who can wait up to a day a
 * step. Every request of the program goes into a batch; a program of several steps has all its rows go a step at a time,
 * and rows whose reply could not be read, or that a batch did not answer, go into the next one.
 *
 * A map with `to` that stops goes on in another process: what was answered is kept, and batches under way are found again.
 * A batch that was sent is looked after through every outage of the endpoint; where another error, such as a key that is
 * no longer accepted, keeps its answers away, that ends the map.
 * Predictors with a model of their own ask that directly.
 *
 * ```ts
 * await program.map(tweets, { engine: batch({ model: "gpt-4.1-mini" }), to: "labelled.parquet" });
 * ```
 */
export function batch(options: BatchOptions): MapEngine {
  return {
    map: (program, data, settings) => mapInBatches(program, data, settings, options),
  };
}

async function mapInBatches(
  program: Module,
  data: Dataset | Scan,
  settings: Omit<MapRowsOptions, "engine">,
  options: BatchOptions,
): Promise<Dataset | Scan> {
  const {
    folder,
    discount = 0.5,
    gather = 2,
    poll = 30,
    requests = 50_000,
    bytes = 200e6,
    ...model
  } = options;
  for (const [name, value] of Object.entries({ gather, poll, requests, bytes })) {
    if (!(value > 0)) throw new ConfigurationError(`invalid ${name}: ${value}, expected a number > 0`);
  }
  const { to, signal } = settings;
  const place = folder ?? (to === undefined ? undefined : `${resolve(to)}.batches`);
  if (place === undefined)
    throw new ConfigurationError(
      'a batch takes hours, and must survive this process: give the map a file, { to: "answers.parquet" }, or the engine a folder',
    );
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const client = new BatchClient(model, either);
  const queue = new BatchQueue(
    client,
    new BatchJournal(join(place, "batches.jsonl")),
    { gather, poll, requests, bytes },
    either,
    (error) => stop.abort(error),
  );
  const price = model.price ?? (client.isOpenAI ? listPrice(model.model ?? "") : undefined);
  const lm = new OpenAIModel({
    ...model,
    ...(price && { price: discounted(price, discount) }),
    // A day of waiting, and some.
    timeout: 14 * 24 * 3600,
    fetch: queue.fetch,
  });
  try {
    const result = await map(program, data as Dataset, {
      ...settings,
      signal: either,
      lm: retrying(lm, { attempts, firstWait: 0.01, longestWait: 0.1 }),
      concurrency: settings.concurrency ?? requests,
    });
    if (folder === undefined) rmSync(place, { recursive: true });
    return result;
  } finally {
    stop.abort(new DOMException("the map has ended", "AbortError"));
  }
}

function discounted({ input, output, cachedInput }: Price, share: number): Price {
  return {
    input: input * share,
    output: output * share,
    ...(cachedInput !== undefined && { cachedInput: cachedInput * share }),
  };
}
