/** Columns that every toolkit builds its table of: texts, one of a few labels, and prices without order. */
export function columns(count) {
  const labels = ["negative", "neutral", "positive", "mixed"];
  let state = 1;
  // A generator of 32 bits (Park and Miller 1988): the same rows everywhere.
  const next = () => (state = (state * 48271) % 2147483647);
  const [text, label, price] = [new Array(count), new Array(count), new Array(count)];
  for (let i = 0; i < count; i++) {
    text[i] = `Flight ${i} was late again`;
    label[i] = labels[next() % labels.length];
    price[i] = (next() % 10_000) / 100;
  }
  return { text, label, price };
}
