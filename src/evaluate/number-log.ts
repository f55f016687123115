/** Numbers in one block; a block that is full is followed by another, and none grows. */
const blockLength = 8192;

/**
 * Numbers in the order they came, in blocks outside the heap. A plain array of a million lets the heap grow by several
 * times its size: V8 collects when what is alive has grown by a factor. A block takes four bytes a number where all in
 * it are as exact so, as 0 and 1 are, else eight.
 */
export class NumberLog {
  #blocks: (Float32Array | Float64Array)[] = [];
  #length = 0;

  push(value: number): void {
    const place = this.#length % blockLength;
    if (place === 0) this.#blocks.push(new Float32Array(blockLength));
    const last = this.#blocks.length - 1;
    if (!Object.is(Math.fround(value), value) && this.#blocks[last] instanceof Float32Array) {
      this.#blocks[last] = Float64Array.from(this.#blocks[last]);
    }
    this.#blocks[last]![place] = value;
    this.#length++;
  }

  /** A copy of all of them. */
  values(): Float64Array {
    const all = new Float64Array(this.#length);
    this.#blocks.forEach((block, index) => {
      const start = index * blockLength;
      all.set(block.subarray(0, this.#length - start), start);
    });
    return all;
  }
}
