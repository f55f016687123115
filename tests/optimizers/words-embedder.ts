import type { Embedder } from "../../src/retrieval/index.ts";

/** Words as they are: texts that share long ones are near. */
export const wordsEmbedder: Embedder = {
  name: "words",
  identity: "words of five letters and more",
  embed: (texts) =>
    Promise.resolve(
      texts.map((text) => {
        const vector = new Float32Array(64);
        for (const word of text.match(/[a-z]{5,}/g) ?? []) {
          let place = 0;
          for (const letter of word) place = (place * 31 + letter.charCodeAt(0)) % 64;
          vector[place] = 1;
        }
        const length = Math.hypot(...vector) || 1;
        return vector.map((value) => value / length);
      }),
    ),
};
