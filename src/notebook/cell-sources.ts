/**
 * The cells that ran, so that a stack can name the cell and its line. A stack holds places in the JavaScript
 * that cells were turned into; the line of TypeScript is the one that reads most like it.
 */
export class CellSources {
  readonly #cells = new Map<string, { readonly source: string[]; readonly output: string[] }>();

  /** Keeps a cell, and gives its JavaScript marked so that stacks carry the cell's number. */
  mark(cell: number, source: string, output: string): string {
    this.#cells.set(String(cell), { source: source.split("\n"), output: output.split("\n") });
    return `${output}\n//# sourceURL=cell-${cell}`;
  }

  /** A line of a stack, with its place in the notebook where it is in a cell. */
  name(frame: string): string {
    // Cells keep their variables in a proxy, of which their functions are methods to Node.
    return frame
      .replace("at Proxy.", "at ")
      .replace(/\bcell-(\d+):(\d+):\d+/, (_, cell: string, row: string) => {
        const { source, output } = this.#cells.get(cell) ?? { source: [], output: [] };
        const line = alike(output[Number(row) - 1] ?? "", source);
        return line === undefined
          ? `cell ${cell}`
          : `cell ${cell}, line ${line + 1}: ${source[line]!.trim()}`;
      });
  }
}

/** The line that holds the most of the compiled one, where any holds more than half; of two, the one with less else. */
function alike(compiled: string, lines: readonly string[]): number | undefined {
  const wanted = pairs(compiled);
  let best: number | undefined;
  let most = 0;
  lines.forEach((line, index) => {
    const found = pairs(line);
    const shared = [...wanted].filter((pair) => found.has(pair)).length;
    if (shared <= wanted.size / 2) return;
    const likeness = shared / wanted.size + shared / found.size;
    if (likeness > most) {
      best = index;
      most = likeness;
    }
  });
  return best;
}

/** Pairs of neighbouring letters, without what the compiler adds (`(0, module_1.f)(…)`, `exports.`) or lays out. */
function pairs(line: string): Set<string> {
  const text = line
    .replace(/\(0, \w+_\d+\.(\w+)\)/g, "$1")
    .replace(/\b(?:exports|\w+_\d+)\./g, "")
    .replace(/[\s;]/g, "");
  return new Set(
    Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)),
  );
}
