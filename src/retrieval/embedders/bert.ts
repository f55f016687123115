import { OnnxGraph, type Value } from "./onnx.ts";
import type { StoredTensor } from "./safetensors.ts";

/** Which tensors a model has, and how its layers are cut. */
export interface BertModel {
  readonly layers: number;
  readonly heads: number;
  /** Numbers of a vector. */
  readonly width: number;
  /** The tensors by the names that PyTorch gives them. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The name of the file they are in. */
  readonly file: string;
}

/**
 * A BERT encoder (Devlin et al. 2018, https://arxiv.org/abs/1810.04805) as ONNX: of texts that all have the same
 * number of tokens to the mean of their last layer. Equal lengths need neither padding nor a mask, and a text's
 * vector does not depend on what it is run with.
 *
 * The weights stay in single precision. With 8-bit integers by ONNX's dynamic quantisation it took half the time, but
 * vectors had a cosine of 0.98 to 0.99 with these, and depended on the texts they were run with.
 *
 * It takes `tokens` [texts, length] and `positions` [length], and gives `vectors` [texts, width], not normalised.
 */
export function bertGraph({ layers, heads, width, tensors, file }: BertModel): Uint8Array {
  const graph = new OnnxGraph();
  const weights = (name: string) => graph.stored(file, tensors.get(name)!);
  const add = (a: Value, b: Value) => graph.node("Add", [a, b]);
  const row = (table: string, index: Value) =>
    graph.node("Gather", [weights(`embeddings.${table}.weight`), index]);
  const normalised = (x: Value, name: string) =>
    graph.node("LayerNormalization", [x, weights(`${name}.weight`), weights(`${name}.bias`)], {
      axis: 2,
      epsilon: { float: 1e-12 },
    });
  const linear = (x: Value, name: string) => {
    const transposed = graph.node("Transpose", [weights(`${name}.weight`)], { perm: [1, 0] });
    return add(graph.node("MatMul", [x, transposed]), weights(`${name}.bias`));
  };

  const tokens = graph.input("tokens", "int32", ["texts", "length"]);
  const positions = graph.input("positions", "int32", ["length"]);
  const embedded = add(row("word_embeddings", tokens), row("position_embeddings", positions));
  let x = add(embedded, row("token_type_embeddings", graph.integers([0])));
  x = normalised(x, "embeddings.LayerNorm");
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const parts = ["query", "key", "value"].map((part) => linear(x, `${name}.attention.self.${part}`));
    const attended = graph.node("Attention", parts, { q_num_heads: heads, kv_num_heads: heads });
    x = add(x, linear(attended, `${name}.attention.output.dense`));
    x = normalised(x, `${name}.attention.output.LayerNorm`);
    const between = graph.node("Gelu", [linear(x, `${name}.intermediate.dense`)]);
    x = normalised(add(x, linear(between, `${name}.output.dense`)), `${name}.output.LayerNorm`);
  }
  const mean = graph.node("ReduceMean", [x, graph.integers([1])], { keepdims: 0 }, "vectors");
  graph.output(mean, "float32", ["texts", width]);
  return graph.model("BERT", 23);
}
