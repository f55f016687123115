import { typeName, type Field, type FieldType } from "../signature/index.ts";
import type { Adapter, AnySignature } from "./adapter.ts";
import { askAgain, converse, inOrder, type Layout, notSupplied } from "./conversation.ts";
import { decodeEntities, elementsToValue, escapeTags, readElements } from "./elements.ts";
import { ElementStream } from "./element-stream.ts";
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
    const answer = answerOf(completion);
    let found = foundElements(signature, answer);
    if (found.size === 0) found = foundMembers(signature, answer, options);
    if (found.size === 0 && !options.cut) found = foundAlone(signature, answer);
    return readOutputs(signature, completion, found, options);
  },
  reask: (signature, completion, problem) => askAgain(completion, problem, request(signature)),
  reader(signature) {
    const stream = new ElementStream(signature.outputs.map(({ name }) => name));
    const thoughts = new ThoughtFilter();
    return {
      push: (text) => stream.push(thoughts.push(text)),
      end: () => stream.push(thoughts.end()),
    };
  },
};

const layout: Layout = {
  system: (signature) =>
    [
      `Inputs:\n${signature.inputs.map(line).join("\n")}`,
      `Outputs:\n${signature.outputs.map(line).join("\n")}`,
      "Everything is written in this form, with values in place of the braces:",
      ...signature.inputs.map(({ name }) => element(name, `{${name}}`)),
      ...signature.outputs.map(({ name, type }) => element(name, `{${name}}${hint(type)}`)),
      `Your task: ${signature.instructions}`,
    ].join("\n\n"),
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
  return `Answer with the output fields as elements: ${inOrder(signature.outputs.map(({ name }) => `<${name}>`))}.`;
}

function foundElements(signature: AnySignature, answer: string): FoundFields {
  const found = new Map<string, Found>();
  const bodies = new Map<string, string[]>();
  const names = signature.outputs.map(({ name }) => name);
  for (const { name, body } of readElements(answer, names)) {
    const known = names.includes(name)
      ? name
      : names.find((each) => each.toLowerCase() === name.toLowerCase());
    if (known !== undefined) bodies.set(known, [...(bodies.get(known) ?? []), body]);
  }
  for (const { name, type } of signature.outputs) {
    const all = bodies.get(name);
    if (!all) continue;
    const value = elementsToValue(type, all);
    const text = decodeEntities(all[0]!).trim();
    if (typeof value === "string") found.set(name, { text });
    else found.set(name, { value, source: text });
  }
  return found;
}
