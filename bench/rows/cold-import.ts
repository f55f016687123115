import { address } from "../package-address.ts";
import { peerPython, run } from "../process.ts";
import { median, type Row } from "../row.ts";

/** A process that imports the package, above one that does nothing; each in turn, so that noise meets both. */
export const coldImport: Row = {
  name: "cold import, above the bare runtime",
  unit: "ms",
  aim: { ours: 40 },
  measure: (quick) =>
    above(process.execPath, ["-e", `import(${JSON.stringify(address)})`], ["-e", ""], quick ? 11 : 31),
  measurePeer: (quick) => above(peerPython(), ["-c", "import dspy"], ["-c", ""], quick ? 3 : 7),
};

function above(command: string, args: string[], bareArgs: string[], times: number): number[] {
  run(command, args);
  const pairs = Array.from({ length: times }, () => ({
    bare: run(command, bareArgs).milliseconds,
    whole: run(command, args).milliseconds,
  }));
  const bare = median(pairs.map((pair) => pair.bare));
  return pairs.map(({ whole }) => whole - bare);
}
