import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { flameGraph, type Profile } from "../../bench/flame-graph.ts";

const home = pathToFileURL("/home/somebody/src/clone/").href;
const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  ...{ id, children },
  callFrame: { functionName, url, lineNumber: 0, columnNumber: 0 },
});

const profile: Profile = {
  nodes: [
    node(1, "(root)", "", [2, 6, 7]),
    node(2, "outer", `${home}src/lm/outer.ts`, [3]),
    node(3, "bound", "node:internal/async_hooks", [4]),
    node(4, "<script>", `${home}src/lm/inner.ts`, [5]),
    node(5, "", `${home}node_modules/@scope/package/index.js`),
    node(6, "(idle)", ""),
    node(7, "load", "node:internal/modules/esm/load", []),
  ],
  samples: [2, 4, 5, 6, 7],
  timeDeltas: [250, 500, 250, 9000, 9000],
};

test("a flame graph shows who called whom, by the time that it took", () => {
  const picture = flameGraph("A path", profile);
  const titles = [...picture.matchAll(/<g><title>(.*?)<\/title>/g)].map(([, title]) => title);
  expect(titles).toEqual([
    "outer (src/lm/outer.ts): 100.0 %",
    "&#60;script&#62; (src/lm/inner.ts): 75.0 %",
    "(anonymous) (@scope/package): 25.0 %",
  ]);
  expect(picture).toMatch(/width="900.0" height="16"/);
  expect(picture).not.toContain("somebody");
  expect(flameGraph("A path", profile)).toBe(picture);
});
