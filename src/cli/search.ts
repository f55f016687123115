import { Command, Option } from "commander";
import type { Passage, SearchMode } from "../modules/index.ts";
import { Index } from "../retrieval/index.ts";
import { asOption, jsonOption, principalOf, wholeNumber } from "./options.ts";
import { oneLine, say, sayJson, table } from "./output.ts";

interface SearchFlags {
  as: string[];
  k: number;
  mode: SearchMode;
  json?: boolean;
}

/** `lmframe search NAME QUERY`: what an index finds, on behalf of some groups. */
export function searchCommand(): Command {
  return new Command("search")
    .summary("search an index by meaning, by words, or both")
    .description("Finds the passages that fit a query best, among those that the groups may see.")
    .argument("<name>", "index to search")
    .argument("<query>", "what to look for, in plain words")
    .addOption(asOption())
    .option("--k <passages>", "passages to find", wholeNumber(1), 5)
    .addOption(
      new Option("--mode <mode>", "by meaning, by words, or both")
        .choices(["vector", "text", "hybrid"])
        .default("hybrid"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Each search is noted in the index's audit.jsonl. Exit code 0: done, also where nothing was found.

Examples:
  $ lmframe search logbook "oil leak at the left engine" --as mechanics
  $ lmframe search logbook "L/H rocker cover" --as mechanics --k 10 --mode text --json`,
    )
    .action(run);
}

async function run(name: string, query: string, { as, k, mode, json }: SearchFlags): Promise<void> {
  const started = performance.now();
  const index = await Index.open(name);
  const passages = await index.search(query, { principal: principalOf(as), k, mode });
  const seconds = (performance.now() - started) / 1000;
  if (json) sayJson({ passages, seconds });
  else if (passages.length === 0) say("nothing found");
  else say(table([["", "SCORE", "ID", "SOURCE", "TEXT"], ...passages.map(line)]));
}

function line({ id, score, source, text }: Passage, index: number): string[] {
  const place = [source.page && `page ${source.page}`, source.row && `row ${source.row}`].filter(Boolean);
  const cells = [id, [source.file, ...place].filter(Boolean).join(", "), text].map(short);
  return [String(index + 1), score.toFixed(3), ...cells];
}

function short(text: string): string {
  const plain = oneLine(text);
  return plain.length > 100 ? `${plain.slice(0, 99)}…` : plain;
}
