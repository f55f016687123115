import { installJavascriptPeers, names, peerPython, run } from "../process.ts";
import { address } from "../package-address.ts";
import { median, type Row } from "../row.ts";

/**
 * A process that imports the package, above one that does nothing; each in turn, so that noise meets both. In
 * processor time, which is the clock's on a machine with nothing else to do, and holds on a busy one.
 */
export const coldImport: Row = {
  name: "cold import, above the bare runtime",
  unit: "ms of CPU",
  measure: (quick) => importing(quick ? 11 : 31, address),
  peers: [
    { name: "the limit", aim: 1, measure: 40 },
    {
      name: names.dspy,
      aim: 1,
      measure: (quick) =>
        above(quick ? 3 : 7, peerPython(), (imports) => [
          "-c",
          `import time${imports ? ", dspy" : ""}; print(time.process_time() * 1000)`,
        ]),
    },
    {
      name: names.ax,
      aim: 1,
      measure: (quick) => {
        installJavascriptPeers();
        const ax = new URL("../peers/node_modules/@ax-llm/ax/index.js", import.meta.url);
        return importing(quick ? 5 : 15, ax.href);
      },
    },
  ],
};

function importing(times: number, module: string): number[] {
  const tell = "const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);";
  return above(times, process.execPath, (imports) => [
    "-e",
    `${imports ? `import(${JSON.stringify(module)});` : ""} process.on("exit", () => { ${tell} })`,
  ]);
}

function above(times: number, command: string, args: (imports: boolean) => string[]): number[] {
  const spent = (imports: boolean) => Number(run(command, args(imports)).trim());
  spent(true);
  const pairs = Array.from({ length: times }, () => ({ bare: spent(false), whole: spent(true) }));
  const bare = median(pairs.map((pair) => pair.bare));
  return pairs.map(({ whole }) => whole - bare);
}
