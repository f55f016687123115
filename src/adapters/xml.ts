import { typeName, type Field, type FieldType } from "../signature/index.ts";
import type { Adapter, AnySignature, ParseOptions } from "./adapter.ts";
import { matchName } from "./coerce.ts";
import { askAgain, converse, inOrder, type Layout, notSupplied } from "./conversation.ts";
import {
  decodeEntities,
  type Element,
  elementsToValue,
  escapeTags,
  isBroken,
  readElements,
} from "./elements.ts";
import { ElementStream } from "./element-stream.ts";
import { perSignature } from "./per-signature.ts";
import { type Found, foundAlone, type FoundFields, foundMembers, readOutputs } from "./reply.ts";
import { describeType, showInput, showOutput } from "./show.ts";
import { answerOf, ThoughtFilter } from "./thoughts.ts";

/**
 * Writes each field as an element, `<name>…</name>`; values that are no text are JSON inside it. Replies may also
 * nest elements for lists and objects, as DSPy asks for them. An empty element of an optional type is null.
 */
export const xmlAdapter: Adapter = {
  name: "xml",
  format: (signature, demos, inputs) => converse(layout, signature, demos, inputs),
  constraint: () => ({}),
  parse(signature, completion, options = {}) {
    const answer = answerOf(completion, outputNames(signature));
    let found = foundElements(signature, answer, options);
    if (found.size === 0) found = foundMembers(signature, answer, options);
    if (found.size === 0 && !options.cut) found = foundAlone(signature, answer);
    return readOutputs(signature, completion, found, options);
  },
  reask: (signature, completion, problem) => askAgain(completion, problem, request(signature)),
  reader(signature) {
    const stream = new ElementStream(outputNames(signature));
    const thoughts = new ThoughtFilter(outputNames(signature));
    return {
      push: (text) => stream.push(thoughts.push(text)),
      end: () => stream.push(thoughts.end()),
    };
  },
};

const layout: Layout = {
  system: perSignature((signature) =>
    [
      `Inputs:\n${signature.inputs.map(line).join("\n")}`,
      `Outputs:\n${signature.outputs.map(line).join("\n")}`,
      "Everything is written in this form, with values in place of the braces:",
      ...signature.inputs.map(({ name }) => element(name, `{${name}}`)),
      ...signature.outputs.map(({ name, type }) => element(name, `{${name}}${hint(type)}`)),
      `Your task: ${signature.instructions}`,
    ].join("\n\n"),
  ),
  user: (signature, fields, values, last) => [
    ...fields.flatMap((field, index) => [
      `${index > 0 ? "\n\n" : ""}<${field.name}>\n`,
      ...showInput(field, values[field.name], (text) => escapeTags(namesOf(signature), text)),
      `\n</${field.name}>`,
    ]),
    ...(last ? [`${fields.length > 0 ? "\n\n" : ""}${request(signature)}`] : []),
  ],
  assistant: (signature, values) =>
    signature.outputs
      .map(({ name, type }) => element(name, escapeTags(namesOf(signature), output(type, values[name]))))
      .join("\n\n"),
};

function outputNames(signature: AnySignature): string[] {
  return signature.outputs.map(({ name }) => name);
}

function namesOf(signature: AnySignature): string[] {
  return [...signature.fields.map(({ name }) => name), "item", "entry"];
}

function output(type: FieldType, value: unknown): string {
  if (value === undefined) return notSupplied;
  return value === null && type.kind === "optional" ? "" : showOutput(type, value);
}

function element(name: string, text: string): string {
  return `<${name}>\n${text}\n</${name}>`;
}

function line({ name, type, description }: Field): string {
  return `- \`${name}\` (${typeName(type)})${description === "" ? "" : `: ${description}`}`;
}

function hint(type: FieldType): string {
  if (type.kind === "string") return "";
  if (type.kind === "optional") return `   (${describeType(type.inner)}; empty where there is none)`;
  return `   (${describeType(type)})`;
}

function request(signature: AnySignature): string {
  return `Answer with the output fields as elements: ${inOrder(outputNames(signature).map((name) => `<${name}>`))}.`;
}

function foundElements(signature: AnySignature, answer: string, { cut = false }: ParseOptions): FoundFields {
  const elements = readElements(answer, outputNames(signature));
  const named = new Map<string, Element[]>();
  for (const element of elements) {
    const known = matchName(element.name, outputNames(signature)) ?? element.name;
    named.set(known, [...(named.get(known) ?? []), element]);
  }
  const found = new Map<string, Found>();
  for (const { name, type } of signature.outputs) {
    const all = named.get(name);
    if (!all) continue;
    const text = decodeEntities(all[0]!.body).trim();
    const { kind } = type.kind === "optional" ? type.inner : type;
    // A list that is written by repeating its element may have been about to go on.
    if (cut && kind === "list" && elements.at(-1) === all.at(-1) && !text.startsWith("[")) continue;
    if ((kind === "list" || kind === "record") && isBroken(answer, all)) {
      found.set(name, { text: answer.slice(all[0]!.start).trim() });
      continue;
    }
    const value = elementsToValue(
      type,
      all.map(({ body }) => body),
    );
    found.set(name, typeof value === "string" ? { text } : { value, source: text });
  }
  return found;
}
