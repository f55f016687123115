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

type Server = (endpoint: string, folder: string, use: (address: string) => Figures) => Promise<Figures>;

/**
 * The milliseconds of one answer, of all for each answer, the per cent unanswered, and the milliseconds within which
 * 95 per cent were answered.
 */
type Figures = readonly number[];

const lmframe: Server = (endpoint, folder, use) => beside("serve-program", [endpoint, folder], use);
/** The same by the command line. */
const command: Server = (endpoint, folder, use) => beside("serve-command", [endpoint, folder], use);
const mlflow: Server = (endpoint, folder, use) =>
  besideProcess(peerPython("serving"), [place("peers/mlflow_serving.py"), endpoint, folder, "2"], use);

/** Each server is started anew for so many who ask: all rows of that number are of one load. */
function under(server: Server, clients: number, model = 800) {
  let figures: Promise<Figures> | undefined;
  return (figure: number): Measure =>
    async (quick) => [(await (figures ??= underLoad(server, model, clients, quick ? 5 : 30)))[figure]!];
}

const fast = { model: 50, clients: 500 };
const [oursFast, theirsFast] = [
  under(command, fast.clients, fast.model),
  under(mlflow, fast.clients, fast.model),
];

const behindSlowModel: Row[] = published.flatMap(({ clients, milliseconds, answered }) => {
  const [ours, theirs] = [under(lmframe, clients), under(mlflow, clients)];
  const besideMlflow = (figure: number, aim: number): Peer => ({
    name: `mlflow models serve, ${names.dspy}`,
    aim,
    measure: theirs(figure),
  });
  const title = `serve ${clients} at once, model of 800 ms`;
  return [
    {
      name: `${title}: one answer`,
      unit: "ms",
      measure: ours(0),
      peers: [{ name: "published", aim: 1, measure: milliseconds }, besideMlflow(0, 1)],
    },
    {
      name: `${title}: time over answers`,
      unit: "ms an answer",
      measure: ours(1),
      peers: [{ name: "published", aim: 1, measure: milliseconds / clients }, besideMlflow(1, 0.5)],
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
    },
  ];
});

/** What 95 per cent of the answers take less than, above the model's own time. */
const overhead =
  (measure: Measure): Measure =>
  async (quick) =>
    (await measure(quick)).map((milliseconds) => milliseconds - fast.model);

const behindFastModel: Row[] = [
  {
    name: `lmframe serve, ${fast.clients} at once, model of ${fast.model} ms: p95 above the model's time`,
    unit: "ms",
    measure: overhead(oursFast(3)),
    peers: [
      {
        name: `mlflow models serve, ${names.dspy}`,
        aim: 1,
        measure: overhead(theirsFast(3)),
      },
    ],
  },
  {
    name: `lmframe serve, ${fast.clients} at once, model of ${fast.model} ms: unanswered`,
    unit: "%",
    measure: oursFast(2),
    peers: [{ name: "none", aim: 1, measure: 0 }],
  },
];

/** Serving a program to so many who ask at once. */
export const servingRows: Row[] = [...behindSlowModel, ...behindFastModel];

async function underLoad(server: Server, model: number, clients: number, seconds: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "lmframe-bench-"));
  try {
    return await beside("endpoint", [model], (endpoint) =>
      server(endpoint, folder, (address) => program("load", address, clients, seconds)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
