import { readFileSync } from "node:fs";
import papaparse from "papaparse";

/** The text of a file in `datasets/`. */
export function readText(name: string): string {
  // A fatal decoder, since a lenient one would hide a broken encoding.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(readFileSync(new URL(`../../datasets/${name}`, import.meta.url)));
}

/** The records of a CSV file in `datasets/`, with what the parser had to complain of. */
export function readTable<Row>(name: string): papaparse.ParseResult<Row> {
  const options = { header: true, delimiter: ",", newline: "\n", skipEmptyLines: true } as const;
  return papaparse.parse<Row>(readText(name), options);
}

/** The body of a card's table whose first heading is `heading`, a list of cells for each line. */
export function cardTable(card: string, heading: string): string[][] {
  const cells = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const lines = card.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|") && cells(line)[0] === heading);
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  return start < 0 ? [] : lines.slice(start + 2, start + length).map(cells);
}
