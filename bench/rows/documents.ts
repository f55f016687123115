import { javascriptPeer, names, program } from "../process.ts";
import type { Measure, Peer, Row } from "../row.ts";

interface Published {
  count: number;
  seconds: number;
  milliseconds: number;
  effort?: "full" | "large";
}

/** What was published of a vector search of 1,024 dimensions: seconds to index, milliseconds of a query. */
const published: Published[] = [
  { count: 1000, seconds: 30, milliseconds: 45 },
  { count: 10_000, seconds: 180, milliseconds: 52 },
  { count: 100_000, seconds: 1200, milliseconds: 68, effort: "full" },
  { count: 1_000_000, seconds: 8000, milliseconds: 95, effort: "large" },
];

/** Indexing and searching documents whose vectors are there already: time, and what is found of the nearest. */
export const documentRows: Row[] = published.flatMap(({ count, seconds, milliseconds, effort }) => {
  let figures: number[] | undefined;
  // Each size is indexed once; the three figures of it are a row each.
  const ours =
    (figure: number): Measure =>
    () => [(figures ??= program("documents", count, 50))[figure]!];
  const documents = `${count.toLocaleString("en")} documents`;
  const langchain: Peer = {
    name: names.langchain,
    aim: 0.1,
    measure: () => [javascriptPeer("langchain", "documents", count, 20)[1]!],
  };
  const common = effort && { effort };
  return [
    {
      name: `index ${documents}`,
      unit: "s",
      measure: ours(0),
      peers: [{ name: "published", aim: 0.1, measure: seconds }],
      size: { of: "documents", count },
      ...common,
    },
    {
      name: `query ${documents}`,
      unit: "ms",
      measure: ours(1),
      // A million vectors of plain numbers are more than its heap holds.
      peers: [{ name: "published", aim: 0.1, measure: milliseconds }, ...(count < 1e6 ? [langchain] : [])],
      ...common,
    },
    {
      name: `query ${documents}: nearest ten not found`,
      unit: "share",
      measure: ours(2),
      peers: [{ name: "a recall of 0.95", aim: 1, measure: 0.05 }],
      ...common,
    },
  ] satisfies Row[];
});
