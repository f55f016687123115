import type { AnySignature } from "../adapters/index.ts";
import type { FieldType } from "../signature/index.ts";
import { changedScale } from "./changed-scale.ts";
import { replacedLabel } from "./replaced-label.ts";

/**
 * What new instructions change of the task itself, in words; undefined where they leave it alone. Labels, scales
 * and field names belong to the person who set the task, and a metric cannot always tell when they move.
 *
 * It reads the text by its form: labels and fields in quotes that are spelt otherwise, lists of labels with one that is
 * none, `A means B` of two labels, another word in the place of a label, calls to swap or rename, and ranges, levels and
 * ends of a scale that differ from those in `signature`, which has them in the types of its outputs or in its words.
 */
export function changedParameter(signature: AnySignature, text: string): string | undefined {
  const labels = [...new Set(signature.fields.flatMap(({ type }) => labelsIn(type)))];
  const names = new Set([...labels, ...signature.fields.map(({ name }) => name)]);
  const stated = [signature.instructions, ...signature.fields.map(({ description }) => description)].join(
    "\n",
  );
  return (
    respelt(names, text) ??
    foreignLabel(labels, names, text) ??
    replaced(signature, labels, names, stated, text) ??
    swappedLabels(labels, stated, text) ??
    changedScale(signature, stated, text)
  );
}

/** The values of every `Literal` in a type, as texts. */
export function labelsIn(type: FieldType): string[] {
  switch (type.kind) {
    case "literal":
      return type.values.map(String);
    case "list":
      return labelsIn(type.item);
    case "record":
      return labelsIn(type.value);
    case "optional":
      return labelsIn(type.inner);
    case "union":
      return type.options.flatMap(labelsIn);
    case "object":
      return type.fields.flatMap((property) => labelsIn(property.type));
    default:
      return [];
  }
}

/** A name in quotes. An apostrophe inside a word opens and closes nothing. */
const quoted = /(?<![\p{L}\p{N}])[`'"“‘](?<name>[^`'"“”‘’\n]{1,60})[`'"”’](?![\p{L}\p{N}])/gu;
const item = quoted.source.replace("?<name>", "?:");
const separator = "\\s*(?:(?:,|/|\\||\\bor\\b|\\band\\b)\\s*)+";
/** Two names in quotes or more, where the answer is spoken of. */
const listed = new RegExp(
  "(?:label|class|categor|answer|output|respon|repl|return|one of|choose|either|value)[^.;\\n]{0,40}?" +
    `(?<list>${item}(?:${separator}${item})+)`,
  "giu",
);

function namesIn(text: string): string[] {
  return [...text.matchAll(quoted)].map(({ groups }) => groups!.name!);
}

function respelt(names: ReadonlySet<string>, text: string): string | undefined {
  const fold = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, "");
  const byFold = new Map([...names].map((name) => [fold(name), name]));
  for (const found of namesIn(text)) {
    const name = byFold.get(fold(found));
    if (name !== undefined && !names.has(found)) return `spells "${name}" as "${found}"`;
  }
  return undefined;
}

function foreignLabel(
  labels: readonly string[],
  names: ReadonlySet<string>,
  text: string,
): string | undefined {
  for (const { groups } of text.matchAll(listed)) {
    const items = namesIn(groups!.list!);
    const foreign = items.find((name) => !names.has(name));
    if (foreign !== undefined && items.some((name) => labels.includes(name))) {
      return `names "${foreign}" among the labels ${labels.join(", ")}`;
    }
  }
  return undefined;
}

function replaced(
  { outputs }: AnySignature,
  labels: readonly string[],
  names: ReadonlySet<string>,
  stated: string,
  text: string,
): string | undefined {
  const onlyLabels = outputs.every(({ type }) => labelsIn(type).length > 0);
  const found = replacedLabel(labels, names, stated, text, onlyLabels);
  return found && `puts "${found.name}" in the place of the labels ${labels.join(", ")}: "${found.found}"`;
}

function swappedLabels(labels: readonly string[], stated: string, text: string): string | undefined {
  if (labels.length === 0) return undefined;
  const label = [...labels]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|");
  const mapping = new RegExp(
    `(?<![\\p{L}\\p{N}])(${label})["'\`]?\\s*(?:->|=>|→|=|\\b(?:means|stands for|is called|becomes|for|as)\\b)\\s*["'\`]?(${label})(?![\\p{L}\\p{N}])`,
    "giu",
  );
  for (const [found, from = "", to = ""] of text.matchAll(mapping)) {
    if (from.toLowerCase() !== to.toLowerCase()) return `gives a label for another: "${found}"`;
  }
  const call = new RegExp(
    `(?<!\\b(?:not|never)\\s)\\b(?:swap|flip|invert|revers|exchang|interchang|renam|relabel)\\p{L}*[^.;\\n]{0,40}?` +
      `(?<![\\p{L}\\p{N}])(?:${label}|labels?|class(?:es)?|categor(?:y|ies)|scale|scores?|fields?)(?![\\p{L}\\p{N}])`,
    "iu",
  );
  const found = call.exec(text)?.[0];
  return found !== undefined && !call.test(stated) ? `changes labels: "${found}"` : undefined;
}
