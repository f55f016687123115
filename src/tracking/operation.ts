import type { Batch, DatasetInput } from "./client.ts";

/** A run by the key lmframe gave it, or by the id the server gave it. */
export type RunReference = { key: string } | { id: string };

/**
 * One step of logging. Each may be done twice and leaves the same: that is what lets a run wait on disk, and
 * lets sending be cut anywhere and begun again. Runs are named by a key of ours, kept in the tag
 * `lmframe.run_key`, for a server gives its own ids only as it goes.
 */
export type Operation =
  | {
      do: "create";
      run: string;
      name: string;
      /** Name of the experiment; with a parent, its experiment is taken. */
      experiment: string;
      startedAt: number;
      tags: Record<string, string>;
      parent?: RunReference | undefined;
    }
  | { do: "batch"; run: string; batch: Batch }
  | { do: "inputs"; run: string; datasets: DatasetInput[] }
  | { do: "artifact"; run: string; path: string; content: string; encoding: "utf8" | "base64" }
  | { do: "end"; run: string; status: "FINISHED" | "FAILED" | "KILLED"; endedAt: number }
  | {
      do: "traces";
      experiment: string;
      /** The run the traces are listed under. */
      run?: RunReference | undefined;
      /** OTLP in protobuf, base64. */
      spans: string;
    };
