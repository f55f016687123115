import { ParseError } from "../core/index.ts";
import { typeName, type Field } from "../signature/index.ts";
import type { AnySignature, ParseOptions } from "./adapter.ts";
import { coerce, coerceText, matchName, Misfit } from "./coerce.ts";
import { readObjects, type FoundObject, type Member } from "./json-reader.ts";
import { SectionReader } from "./sections.ts";

/** The reply broke off where a field may have stood: nothing says that it was left out. */
const lost = { lost: true } as const;

/** What was found for a field: all that was written for it, a value that came as JSON, or that it may be lost. */
export type Found = { readonly text: string } | Member | typeof lost;

/** What was found, by the name of the field. */
export type FoundFields = ReadonlyMap<string, Found>;

/**
 * The declared outputs out of what was found. A missing field is null where its type is optional.
 *
 * @throws ParseError naming the first field that is missing or not of its type.
 */
export function readOutputs(
  signature: AnySignature,
  completion: string,
  found: FoundFields,
  { cut = false }: ParseOptions = {},
): Record<string, unknown> {
  return Object.fromEntries(
    signature.outputs.map((field) => {
      const raw = found.get(field.name);
      if (raw === undefined && !cut && field.type.kind === "optional") return [field.name, null];
      if (raw === undefined || "lost" in raw) throw missing(field, completion, found, cut);
      try {
        const value =
          "text" in raw ? coerceText(field.type, raw.text) : coerce(field.type, raw.value, raw.source);
        return [field.name, value];
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        throw new ParseError(`the reply's field '${field.name}' cannot be read: ${error.message}`, {
          completion,
          field: field.name,
        });
      }
    }),
  );
}

function missing(field: Field, completion: string, found: FoundFields, cut: boolean): ParseError {
  const others = [...found]
    .filter(([, one]) => one !== lost)
    .map(([name]) => `'${name}'`)
    .join(", ");
  const start = completion.trim().slice(0, 80);
  const what =
    others !== ""
      ? `found ${others}`
      : start === ""
        ? "found an empty reply"
        : `found a reply that starts ${JSON.stringify(start)}`;
  return new ParseError(
    `the reply has no field '${field.name}' (${typeName(field.type)}): ${what}${
      cut ? "; it was cut off, so allow more tokens" : ""
    }`,
    { completion, field: field.name },
  );
}

/** Whether anything was found that can be read. */
export function readable(found: FoundFields): boolean {
  return [...found.values()].some((one) => one !== lost);
}

/** What the sections of a reply in the chat format say. */
export function foundSections(
  signature: AnySignature,
  answer: string,
  options: ParseOptions = {},
): FoundFields {
  const reader = new SectionReader(signature.outputs.map((field) => field.name));
  const texts = new Map<string, string>();
  for (const { field, delta } of [...reader.push(answer), ...reader.end()]) {
    texts.set(field, (texts.get(field) ?? "") + delta);
  }
  for (const { name } of signature.outputs)
    if (reader.begun.has(name) && !texts.has(name)) texts.set(name, "");
  // Where a reply was cut off, the section it ends in is not whole.
  if (options.cut && !reader.closed) texts.delete([...reader.begun].at(-1)!);
  if (texts.size === 0 && !options.cut) return foundAlone(signature, reader.preamble);
  return new Map([...texts].map(([name, text]) => [name, { text }]));
}

/**
 * What a JSON object in the answer says. Of several, that with the most outputs counts, and of equals the last
 * one, as in DSPy. Where none has an output, the only one inside another counts.
 */
export function foundMembers(
  signature: AnySignature,
  answer: string,
  options: ParseOptions = {},
): FoundFields {
  const objects = readObjects(answer, options);
  const best = richest(signature, objects);
  if (best) return best;
  const inner = objects.flatMap(({ start, end }) => readObjects(answer.slice(start + 1, end), options));
  return inner.length === 1 ? (richest(signature, inner) ?? new Map()) : new Map();
}

function richest(signature: AnySignature, objects: readonly FoundObject[]): FoundFields | undefined {
  let best: Map<string, Found> | undefined;
  // An object of which nothing was whole may have held every output.
  let broken = objects.some(({ members, whole }) => !whole && members.size === 0);
  for (const { members, whole } of objects) {
    const outputs = new Map<string, Found>();
    for (const { name } of signature.outputs) {
      const key = matchName(name, members.keys());
      if (key !== undefined) outputs.set(name, members.get(key)!);
    }
    if (outputs.size === 0 || outputs.size < (best?.size ?? 0)) continue;
    best = outputs;
    broken = !whole;
  }
  if (broken) {
    best ??= new Map();
    for (const { name } of signature.outputs) if (!best.has(name)) best.set(name, lost);
  }
  return best;
}

/**
 * The whole answer as the value of a lone output, where it plainly is one: `Negative.` for a Literal, `4` for an
 * int. Free text is not taken so, since it may as well be a refusal or chatter.
 */
export function foundAlone(signature: AnySignature, answer: string): FoundFields {
  const [field, ...others] = signature.outputs;
  if (!field || others.length > 0 || answer.trim() === "") return new Map();
  if (!["literal", "integer", "number", "boolean"].includes(field.type.kind)) return new Map();
  try {
    coerceText(field.type, answer);
  } catch {
    return new Map();
  }
  return new Map([[field.name, { text: answer }]]);
}
