import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { escapeHtml } from "../src/core/display.ts";

/** What `node --cpu-prof` writes, in the parts that are read here: places from 0, times in microseconds. */
export interface Profile {
  nodes: readonly {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
    children?: readonly number[];
  }[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}

/** A function where it was called from, with the microseconds in it and in what it called. */
interface Frame {
  name: string;
  place: string;
  time: number;
  callees: Map<string, Frame>;
}

const width = 1200;
const rowHeight = 17;
const header = 44;

/** Narrower frames, in pixels, would be but lines. */
const leastWidth = 0.5;

const kinds = [
  { name: "lmframe", colour: "#f2b36d", of: (place: string) => place.startsWith("src/") },
  {
    name: "Node and V8",
    colour: "#a9c4e0",
    of: (place: string) => place === "" || place.startsWith("node:"),
  },
  { name: "the rest", colour: "#d5d5d5", of: () => true },
];

/**
 * A flame graph (Gregg 2016) as an SVG that stands alone: who called whom from the bottom up, as wide as it took of the
 * processor's time, callees in order of their names. What was spent waiting, and loading modules, is left out. The
 * same profile gives the same picture, and no path of the machine is in it.
 */
export function flameGraph(title: string, profile: Profile): string {
  const root = framesOf(profile);
  const total = root.time;
  const drawn: string[] = [];
  let depth = 0;
  const draw = (frame: Frame, left: number, row: number) => {
    const wide = (frame.time / total) * width;
    if (wide < leastWidth) return;
    depth = Math.max(depth, row);
    if (row >= 0) drawn.push(box(frame, left, wide, row, total));
    let at = left;
    for (const callee of [...frame.callees.values()].sort(byName)) {
      draw(callee, at, row + 1);
      at += (callee.time / total) * width;
    }
  };
  draw(root, 0, -1);
  const height = header + (depth + 1) * rowHeight + 4;
  const legend = kinds.map(({ name, colour }, index) => {
    const x = width - 330 + index * 110;
    return (
      `<rect x="${x}" y="12" width="12" height="12" fill="${colour}"/>` +
      `<text x="${x + 17}" y="22">${name}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeHtml(title)}</title>`,
    `<style>text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #222 } .title { font: bold 14px sans-serif }</style>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="4" y="23">${escapeHtml(title)}</text>`,
    ...legend,
    // Rows count from the bottom.
    `<g transform="translate(0 ${height - 4})">`,
    ...drawn,
    "</g>",
    "</svg>\n",
  ].join("\n");
}

function byName(a: Frame, b: Frame): number {
  const [first, second] = [`${a.name} ${a.place}`, `${b.name} ${b.place}`];
  return first < second ? -1 : first > second ? 1 : 0;
}

function box({ name, place, time }: Frame, left: number, wide: number, row: number, total: number): string {
  const share = `${((time / total) * 100).toFixed(1)} %`;
  const { colour } = kinds.find(({ of }) => of(place))!;
  const [x, y] = [left.toFixed(1), -(row + 1) * rowHeight];
  // So many letters of a fixed width have room.
  const room = Math.floor((wide - 6) / 6.7);
  const shown = name.length <= room ? name : room > 3 ? `${name.slice(0, room - 1)}…` : "";
  return (
    `<g><title>${escapeHtml(`${name}${place && ` (${place})`}: ${share}`)}</title>` +
    `<rect x="${x}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight - 1}" rx="1" fill="${colour}"/>` +
    (shown && `<text x="${(left + 3).toFixed(1)}" y="${y + 12}">${escapeHtml(shown)}</text>`) +
    "</g>"
  );
}

/** Stacks as a tree, calls of one function from one place being one. */
function framesOf({ nodes, samples, timeDeltas }: Profile): Frame {
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const named = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const root: Frame = { name: "", place: "", time: 0, callees: new Map() };
  for (const [index, sample] of samples.entries()) {
    const stack: { name: string; place: string }[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
      stack.push(named.get(id)!);
    if (stack.some(({ name, place }) => name === "(idle)" || starting.test(place))) continue;
    const time = timeDeltas[index]!;
    let frame = root;
    frame.time += time;
    // The last of a stack is the root of all. Node's own functions that only lead to others are left out.
    const last = stack.findIndex(({ place }) => !place.startsWith("node:"));
    const shown = stack.filter(({ place }, index) => index < last || !place.startsWith("node:"));
    for (const { name, place } of shown.slice(0, -1).reverse()) {
      const key = `${name} ${place}`;
      let callee = frame.callees.get(key);
      if (!callee) frame.callees.set(key, (callee = { name, place, time: 0, callees: new Map() }));
      frame = callee;
      frame.time += time;
    }
  }
  return root;
}

const starting = /^node:internal\/(modules|bootstrap|main|process\/pre_execution|source_map)/;

type CallFrame = Profile["nodes"][number]["callFrame"];

/** A function by its name and its source, as it is called in the project. */
function nameOf({ functionName, url, lineNumber, columnNumber }: CallFrame): { name: string; place: string } {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (!url.startsWith("file:")) return { name, place: url };
  const source = mapOf(url)?.findEntry(lineNumber, columnNumber);
  const path = source && "originalSource" in source ? source.originalSource : url;
  // The last folder of that name: those around the project may have it too.
  const place =
    /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ??
    /(?:.*\/)?((?:src|bench)\/.*)$/.exec(path)?.[1];
  return { name, place: place ?? basename(path) };
}

const maps = new Map<string, SourceMap | undefined>();

function mapOf(url: string): SourceMap | undefined {
  if (!maps.has(url)) {
    const file = `${fileURLToPath(url)}.map`;
    const map = existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, "utf8")) as never) : undefined;
    maps.set(url, map);
  }
  return maps.get(url);
}
