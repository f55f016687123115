import { Dataset, type TableLike } from "../../data/index.ts";
import type { Passage } from "../../modules/index.ts";
import { type Document, tableDocuments } from "../../retrieval/index.ts";
import { expandShorthand } from "./shorthand.ts";

/** Which columns of a logbook are what. */
export interface LogbookOptions {
  /** What was found. Default `problem`. */
  problem?: string | undefined;
  /** What was done. Default `action`. */
  action?: string | undefined;
  /** What else is worth searching, in front of the entry: those of `component` and `aircraft` that are there. */
  about?: readonly string[] | undefined;
  /** Names the entries. Default: a column without repeats. */
  id?: string | undefined;
}

/**
 * The entries of a logbook as documents to index: searched by what was found and done, in plain words. Embedders do not
 * know `L/H ALT INOP`; so the shorthand is written out, and the entry as it stands is kept in the fields, where a
 * search by words finds it too.
 *
 * @throws DataError for a column that is not there.
 */
export function* logbookDocuments(logbook: TableLike, options: LogbookOptions = {}): Generator<Document> {
  const data = Dataset.from(logbook);
  const { problem = "problem", action = "action", id } = options;
  const about = options.about ?? ["component", "aircraft"].filter((name) => data.columns.includes(name));
  for (const document of tableDocuments(data, { text: problem, id }, data.source)) {
    const fields = { ...document.fields, [problem]: document.text };
    const subject = about.map((name) => fields[name] ?? "").join(" ");
    const words = [document.text, fields[action] ?? ""].map((part) => expandShorthand(String(part)));
    yield { ...document, text: [subject, ...words].filter((part) => part !== "").join(" | "), fields };
  }
}

/** An entry as a person reads it: `2024-02-01 QL-SOL cabin door: DOOR LATCH WON'T CATCH. ADJ'D STRIKER.` */
export function entryText({ text, fields }: Pick<Passage, "text" | "fields">): string {
  const held = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
  const head = [held("date"), held("aircraft"), held("component")].filter((part) => part !== "").join(" ");
  return `${head === "" ? "" : `${head}: `}${[held("problem") || text, held("action")].join(" ").trim()}`;
}
