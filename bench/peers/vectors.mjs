/** Numbers in each vector. */
export const dimension = 1024;

/** Documents lie around so many centres, as texts lie around subjects. */
const centres = 512;

/**
 * The vector of a text that ends in a number, `document 17` or `query 17`, of length 1: a centre and what the text adds
 * to it. The same everywhere.
 */
export function vectorOf(text) {
  const number = Number(/\d+$/.exec(text)[0]);
  const own = text.startsWith("query") ? -1 - number : number;
  const [centre, added] = [noise(hash(number % centres) ^ 0x5bd1e995), noise(hash(own + 0x9e3779b9))];
  const vector = new Float32Array(dimension);
  let squares = 0;
  for (let i = 0; i < dimension; i++) {
    vector[i] = centre() + added();
    squares += vector[i] * vector[i];
  }
  const length = Math.sqrt(squares);
  for (let i = 0; i < dimension; i++) vector[i] /= length;
  return vector;
}

/** Uniform from -1 to 1 (xorshift, Marsaglia 2003). */
function noise(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2147483648;
  };
}

function hash(number) {
  let mixed = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 16);
}
