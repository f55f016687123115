import { ConfigurationError } from "../core/index.ts";
import { columnOf, type FieldMetric, fieldMetric, outputOf } from "./field-metric.ts";
import { gradesOf, idsOf, type RelevantIds } from "./relevant-ids.ts";

/** What citations are worth, each 0 to 1. */
export interface CitationScores {
  /** Share of the cited documents that are relevant. */
  precision: number;
  /** Share of the relevant documents that are cited. */
  recall: number;
  f1: number;
}

/**
 * Compares cited with relevant documents. Where nothing is relevant, citing nothing scores 1 throughout and citing
 * anything 0; where something is, citing nothing scores 0.
 */
export function citationScores(cited: readonly string[], relevant: RelevantIds): CitationScores {
  const wanted = gradesOf(relevant);
  const said = new Set(cited);
  if (wanted.size === 0 || said.size === 0) {
    const score = wanted.size === said.size ? 1 : 0;
    return { precision: score, recall: score, f1: score };
  }
  const right = [...said].filter((id) => wanted.has(id)).length;
  const [precision, recall] = [right / said.size, right / wanted.size];
  return { precision, recall, f1: right === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/**
 * The ids that citations name. A citation is a number that counts the passages from 1, an id, or an object with an
 * `id`; one that names no passage given is invented, and stands apart.
 *
 * @param passages - what the answer could cite: passages or ids.
 */
export function citedIds(
  citations: readonly unknown[],
  passages: readonly unknown[],
): { cited: string[]; invented: unknown[] } {
  const given = idsOf(passages, "passages");
  const known = new Set(given);
  const cited = new Set<string>();
  const invented: unknown[] = [];
  for (const citation of citations) {
    const id = typeof citation === "number" ? given[citation - 1] : idsOf([citation], "citations")[0];
    if (id !== undefined && known.has(id)) cited.add(id);
    else invented.push(citation);
  }
  return { cited: [...cited], invented };
}

/** Where a citation metric looks. */
export interface CitationFields<F extends string = string> {
  /** The row's column with the {@link RelevantIds}; empty where nothing answers the question. Default `relevant`. */
  relevant?: string | undefined;
  /** The program's output with the citations; see {@link citedIds}. Default `citations`. */
  citations?: F | undefined;
  /** The program's output with the passages that could be cited. Default `passages`. */
  passages?: F | undefined;
}

/** Metric: share of the citations that are relevant; an invented one is not. See {@link citationScores}. */
export function citationPrecision<F extends string = "citations" | "passages">(
  fields?: CitationFields<F>,
): FieldMetric<F> {
  return citationMetric("citation precision", ({ precision }) => precision, fields);
}

/** Metric: share of the relevant documents that are cited. See {@link citationScores}. */
export function citationRecall<F extends string = "citations" | "passages">(
  fields?: CitationFields<F>,
): FieldMetric<F> {
  return citationMetric("citation recall", ({ recall }) => recall, fields);
}

function citationMetric<F extends string>(
  label: string,
  figure: (scores: CitationScores) => number,
  { relevant = "relevant", citations = "citations" as F, passages = "passages" as F }: CitationFields<F> = {},
): FieldMetric<F> {
  return fieldMetric(label, undefined, [relevant, citations, passages], (row: object, outputs: object) => {
    const wanted = columnOf(relevant, row) as RelevantIds;
    const { cited, invented } = citedIds(
      listOf(outputOf(citations, outputs), citations),
      listOf(outputOf(passages, outputs), passages),
    );
    // Invented citations are as many documents that are not relevant.
    const said = [...cited, ...invented.map((_, place) => `invented citation ${place + 1}`)];
    const ids = [...gradesOf(wanted).keys()];
    const uncited = ids.filter((id) => !cited.includes(id));
    return {
      score: figure(citationScores(said, wanted)),
      feedback:
        `cited ${cited.join(", ") || "nothing"}; relevant: ${ids.join(", ") || "nothing"}` +
        (uncited.length > 0 && cited.length > 0 ? `; not cited: ${uncited.join(", ")}` : "") +
        (invented.length > 0 ? `; of no passage given: ${JSON.stringify(invented)}` : ""),
    };
  });
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ConfigurationError(`"${name}" is ${JSON.stringify(value)}; expected a list`);
}
