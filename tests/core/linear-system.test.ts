import { expect, test } from "vitest";
import { inverse, random, solve } from "../../src/core/index.ts";

const draw = random(1);
const rows = Array.from({ length: 7 }, () => Array.from({ length: 7 }, () => draw.next() - 0.5));
/** Positive definite: a product with itself, and something on the diagonal. */
const matrix = rows.map((one, at) =>
  rows.map((other, to) =>
    one.reduce((sum, value, index) => sum + value * other[index]!, at === to ? 0.1 : 0),
  ),
);
const times = (vector: ArrayLike<number>) =>
  matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index]!, 0));

test("a solution solves the system", () => {
  const vector = rows[0]!;
  expect(times(solve(matrix, vector))).toEqual(vector.map((value) => expect.closeTo(value, 9) as number));
});

test("a matrix times its inverse is one, and the matrix stays as it is", () => {
  const given = structuredClone(matrix);
  const inverted = inverse(matrix);
  expect(matrix).toEqual(given);
  for (const [index, column] of inverted.entries()) {
    const unit = Array.from({ length: 7 }, (_, at) => expect.closeTo(at === index ? 1 : 0, 9) as number);
    expect(times(column)).toEqual(unit);
  }
});
