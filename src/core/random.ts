/** A stream of pseudo-random numbers: the same seed gives the same stream on every machine. */
export interface Random {
  /** A number in [0, 1), of 32 random bits. */
  next: () => number;
  /** A whole number in [0, n). */
  integer: (n: number) => number;
  /** A new array with the items in random order (Fisher-Yates). */
  shuffle: <T>(items: Iterable<T>) => T[];
  /** `count` different items in random order; all of them where there are fewer. */
  sample: <T>(items: Iterable<T>, count: number) => T[];
}

/**
 * A seeded generator: sfc32 (C. Doty-Humphrey's Small Fast Counting generator, 128 bits of state, which
 * passes PractRand), its state filled from the seed by SplitMix32. For experiments, never for secrets.
 *
 * @param seed any finite number; both halves of its 64 bits count, so 1 and 1.5 give different streams.
 */
export function random(seed: number): Random {
  const [low = 0, high = 0] = new Uint32Array(new Float64Array([seed]).buffer);
  const fill = splitMix32(low ^ Math.imul(high, 0x9e3779b1));
  let a = fill();
  let b = fill();
  let c = fill();
  let counter = 1;

  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first outputs still mirror the seed; sfc32's author discards some.
  for (let round = 0; round < 12; round++) next();

  const integer = (n: number) => Math.floor(next() * n);
  const sample = <T>(items: Iterable<T>, count: number) => {
    const drawn = [...items];
    const size = Math.max(0, Math.min(count, drawn.length));
    for (let i = 0; i < size; i++) {
      const j = i + integer(drawn.length - i);
      [drawn[i], drawn[j]] = [drawn[j] as T, drawn[i] as T];
    }
    drawn.length = size;
    return drawn;
  };
  return { next, integer, sample, shuffle: (items) => sample(items, Infinity) };
}

/** SplitMix (Steele, Lea, Flood, OOPSLA 2014) cut down to 32 bits; spreads close seeds far apart. */
function splitMix32(state: number): () => number {
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
