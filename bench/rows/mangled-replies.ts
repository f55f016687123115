import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dspy, javascriptPeer, names, program, run, place } from "../process.ts";
import type { Measure, Row } from "../row.ts";

type Reader = (file: string) => number[];

/** Each reader reads all replies once; the three figures of it are a row each. */
const readings = new Map<Reader, number[]>();

function reading(read: Reader, figure: number): Measure {
  return () => {
    const known = readings.get(read) ?? withReplies(read);
    readings.set(read, known);
    return [known[figure]!];
  };
}

function withReplies(read: Reader): number[] {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    const file = join(folder, "replies.jsonl");
    run(process.execPath, [place("programs/spoilt-replies.ts"), file, "10000"]);
    return read(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ours: Reader = (file) => program("read-replies", file);
const peers: readonly { name: string; read: Reader }[] = [
  { name: names.dspy, read: (file) => dspy("read-replies", file) },
  { name: names.ax, read: (file) => javascriptPeer("ax", "read-replies", file) },
  { name: names.baml, read: (file) => javascriptPeer("baml", "read-replies", file) },
];

function row(name: string, unit: string, figure: number, limits: Row["peers"] = []): Row {
  return {
    name: `10,000 replies spoilt in form: ${name}`,
    unit,
    measure: reading(ours, figure),
    peers: [...limits, ...peers.map(({ name, read }) => ({ name, aim: 1, measure: reading(read, figure) }))],
  };
}

/** Reading replies whose form is spoilt: those not read right, those read as something else, and the time. */
export const mangledReplies: Row[] = [
  row("not read right", "replies", 0),
  row("wrong in silence", "replies", 1, [{ name: "none", aim: 1, measure: 0 }]),
  row("time", "µs a reply", 2),
];
