// Writes the vectors of so many documents and then that of the query, as numbers of 32 bits: for peers in Python.
import { writeFileSync } from "node:fs";
import { dimension, vectorOf } from "./vectors.mjs";

const [file, count, query] = process.argv.slice(2);
const vectors = new Float32Array((Number(count) + 1) * dimension);
for (let i = 0; i < Number(count); i++) vectors.set(vectorOf(`document ${i}`), i * dimension);
vectors.set(vectorOf(query), Number(count) * dimension);
writeFileSync(file, vectors);
