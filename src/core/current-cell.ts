/** Which run of which cell is under way. The kernel sets it; the package, which is loaded apart, reads it. */
export interface CurrentCell {
  /** The cell's own identity where the front end tells it: the same when the cell is run again. */
  readonly cell: string;
  /** A new number for each run of any cell. */
  readonly run: number;
}

const place = Symbol.for("lmframe.currentCell");

/** Undefined outside the notebook kernel. */
export function currentCell(): CurrentCell | undefined {
  return Reflect.get(globalThis, place) as CurrentCell | undefined;
}

/** Says which cell runs from now on. */
export function setCurrentCell(current: CurrentCell): void {
  Reflect.set(globalThis, place, current);
}
