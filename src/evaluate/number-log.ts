/** Numbers in one block; a block that is full is followed by another, and none is ever copied. */
const blockLength = 8192;

/**
 * Numbers in the order they came, in blocks outside the heap. A plain array of a million lets the heap grow by several
 * times its size: V8 collects when what is alive has grown by a factor.
 */
export class NumberLog {
  #blocks: Float64Array[] = [];
  #length = 0;

  push(value: number): void {
    const place = this.#length % blockLength;
    if (place === 0) this.#blocks.push(new Float64Array(blockLength));
    this.#blocks.at(-1)![place] = value;
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
