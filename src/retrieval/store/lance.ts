import { createRequire } from "node:module";
import type * as LanceDB from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";
import { ConfigurationError } from "../../core/index.ts";

/** LanceDB, with the Arrow that it was loaded with: it takes tables of another copy for empty ones. */
export interface Lance {
  readonly db: typeof LanceDB;
  readonly arrow: typeof Arrow;
}

let loaded: Lance | undefined;

/** LanceDB, loaded on first use. Throws ConfigurationError where it is not installed, for it is an optional peer. */
export function lance(): Lance {
  // Read as the native library loads; else it logs to the terminal.
  process.env.LANCEDB_LOG ??= "error";
  loaded ??= load(createRequire(import.meta.url));
  return loaded;
}

function load(require: NodeJS.Require): Lance {
  try {
    const db = require("@lancedb/lancedb") as typeof LanceDB;
    const arrow = createRequire(require.resolve("@lancedb/lancedb"))("apache-arrow") as typeof Arrow;
    return { db, arrow };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
    throw new ConfigurationError(
      missing
        ? "an index needs LanceDB, which is not installed here. Run: npm install @lancedb/lancedb"
        : `LanceDB is installed and cannot be loaded here: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
