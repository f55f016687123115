import { Command, Option } from "commander";
import { Index, readDocuments, sentenceEmbedder, wordEmbedder } from "../retrieval/index.ts";
import { interruptible } from "./interrupt.ts";
import { jsonOption, repeatable, wholeNumber } from "./options.ts";
import { note, say, sayJson } from "./output.ts";

const embedders = { sentences: sentenceEmbedder, words: wordEmbedder };

interface IndexFlags {
  to: string;
  group: string[];
  text?: string;
  id?: string;
  sync?: boolean;
  embedder?: keyof typeof embedders;
  encoding?: string;
  chunkTokens?: number;
  overlap?: number;
  json?: boolean;
}

/** `lmframe index FILE…`: puts the documents of files into an index. */
export function indexCommand(): Command {
  return new Command("index")
    .summary("put files and tables into an index, for some groups to search")
    .description(
      "Puts each row of a table, and each chunk of a text, into an index on this machine, which is made where there " +
        "is none. Run again, it embeds only what is new or changed. Stopped or killed, it leaves the index as it was.",
    )
    .argument(
      "<files...>",
      "tables (CSV, TSV, JSON, JSON Lines, Parquet, Arrow), text, Markdown, HTML, PDF, Word",
    )
    .requiredOption("--to <name>", "index to put them into")
    .requiredOption("--group <name>", "group that may see them; repeat it for several", repeatable)
    .option("--text <column>", "a table's column to search; default: `text`, or the only one of texts")
    .option(
      "--id <column>",
      "a table's column that names its rows; default: one that is unique, else the row's content",
    )
    .option(
      "--sync",
      "delete what these groups hold and the files do not; a file that cannot be read stops it",
    )
    .addOption(
      new Option(
        "--embedder <name>",
        "what makes a new index's vectors: of sentences, or of words, which is fast and finds less; default: sentences",
      ).choices(Object.keys(embedders)),
    )
    .option("--encoding <name>", "encoding of text files, such as windows-1252; default: utf-8")
    .option("--chunk-tokens <tokens>", "size of a text's chunks; default: 200", wholeNumber(20))
    .option("--overlap <tokens>", "what a chunk repeats of the one before it; default: 40", wholeNumber(0))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Exit code 0: everything is in the index. 1: some files or documents are not; the others are. 130: stopped by Ctrl-C.

Examples:
  $ lmframe index logbook.csv --to logbook --group mechanics --text problem
  $ lmframe index manuals/*.pdf notes.md --to manuals --group mechanics --group inspectors
  $ lmframe index logbook.csv --to logbook --group mechanics --text problem --id ident --sync --json`,
    )
    .action(run);
}

async function run(files: string[], flags: IndexFlags): Promise<void> {
  const { to, group: groups, sync = false, text, id, encoding, chunkTokens, overlap } = flags;
  const { documents, change } = await interruptible("The index is as it was before.", async (signal) => {
    const documents = readDocuments(files, {
      ...{ text, id, encoding, chunkTokens, overlap, signal },
      failures: sync ? "throw" : "report",
    });
    const index = await Index.ensure(to, { embedder: flags.embedder && embedders[flags.embedder]() });
    const change = sync
      ? await index.sync(documents, { groups, signal })
      : await index.upsert(documents, { groups, signal });
    return { documents, change };
  });
  const failures = [...documents.failed, ...change.failures];
  const { added, updated, deleted, unchanged, embedded, seconds } = change;
  for (const failure of failures) {
    note(`${"file" in failure ? failure.file : failure.id}: ${failure.message}`);
  }
  if (documents.empty > 0) note(`${documents.empty} rows have no text and were left out`);
  if (flags.json) {
    const counts = { added, updated, deleted, unchanged, failed: failures.length, seconds, embedded };
    const identity = Object.fromEntries(documents.identities);
    sayJson({ ...counts, empty: documents.empty, identity, failures });
  } else {
    for (const [file, identity] of documents.identities) {
      say(`${file}: rows are named by ${identity === "content" ? "their content" : `"${identity.column}"`}`);
    }
    const counts = [`${added} added`, `${updated} updated`, `${deleted} deleted`, `${unchanged} unchanged`];
    say(`${to}: ${counts.join(", ")}; ${embedded} embedded in ${seconds.toFixed(1)} s`);
  }
  if (failures.length > 0) process.exitCode = 1;
}
