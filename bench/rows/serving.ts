import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beside, besideProcess, names, peerPython, place, program } from "../process.ts";
import type { Measure, Peer, Row } from "../row.ts";

/** What was published: the milliseconds of an answer and the per cent answered, by how many ask at once. */
const published = [
  { clients: 10, milliseconds: 850, answered: 99.8 },
  { clients: 50, milliseconds: 1200, answered: 99.2 },
  { clients: 100, milliseconds: 1800, answered: 98.1 },
  { clients: 500, milliseconds: 3200, answered: 96.3 },
];

type Server = (endpoint: string, folder: string, use: (address: string) => number[]) => Promise<number[]>;

const lmframe: Server = (endpoint, folder, use) => beside("serve-program", [endpoint, folder], use);
const mlflow: Server = (endpoint, folder, use) =>
  besideProcess(peerPython("serving"), [place("peers/mlflow_serving.py"), endpoint, folder, "2"], use);

/** Serving a program to so many who ask at once, whose model takes 800 ms. */
export const servingRows: Row[] = published.flatMap(({ clients, milliseconds, answered }) => {
  // Each server is asked once; the three figures of it are a row each.
  const once = (server: Server) => {
    let figures: Promise<number[]> | undefined;
    return (figure: number): Measure =>
      async (quick) => [(await (figures ??= underLoad(server, clients, quick ? 5 : 30)))[figure]!];
  };
  const [ours, theirs] = [once(lmframe), once(mlflow)];
  const besideMlflow = (figure: number, aim: number): Peer => ({
    name: `mlflow models serve, ${names.dspy}`,
    aim,
    measure: theirs(figure),
  });
  // Starting each server takes longer than a quick run has.
  const common = clients !== 100 && ({ effort: "full" } as const);
  const title = `serve ${clients} at once, model of 800 ms`;
  return [
    {
      name: `${title}: one answer`,
      unit: "ms",
      measure: ours(0),
      peers: [{ name: "published", aim: 1, measure: milliseconds }, besideMlflow(0, 1)],
      ...common,
    },
    {
      name: `${title}: time over answers`,
      unit: "ms an answer",
      measure: ours(1),
      peers: [{ name: "published", aim: 1, measure: milliseconds / clients }, besideMlflow(1, 0.5)],
      ...common,
    },
    {
      name: `${title}: unanswered`,
      unit: "%",
      measure: ours(2),
      peers: [
        { name: "none", aim: 1, measure: 0 },
        { name: "published", aim: 1, measure: Number((100 - answered).toFixed(1)) },
        besideMlflow(2, 1),
      ],
      ...common,
    },
  ];
});

async function underLoad(server: Server, clients: number, seconds: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    return await beside("endpoint", [800], (endpoint) =>
      server(endpoint, folder, (address) => program("load", address, clients, seconds)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
