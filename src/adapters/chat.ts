import { typeName, type Field, type FieldType } from "../signature/index.ts";
import type { Adapter, AnySignature } from "./adapter.ts";
import { askAgain, converse, inOrder, type Layout, notSupplied } from "./conversation.ts";
import { perSignature } from "./per-signature.ts";
import { foundMembers, foundSections, readOutputs } from "./reply.ts";
import { completed, escapeMarkers, marker, SectionReader } from "./sections.ts";
import { describeType, showInput, showOutput } from "./show.ts";
import { answerOf, ThoughtFilter } from "./thoughts.ts";

/**
 * DSPy's chat format: each field stands under a marker, `[[ ## name ## ]]`, and `[[ ## completed ## ]]` ends a
 * reply. Works with any model that follows instructions. A field of an optional type is left out where it has no
 * value.
 */
export const chatAdapter: Adapter = {
  name: "chat",
  format: (signature, demos, inputs) => converse(layout, signature, demos, inputs),
  constraint: () => ({}),
  parse(signature, completion, options = {}) {
    const answer = answerOf(completion);
    let found = foundSections(signature, answer, options);
    if (found.size === 0) found = foundMembers(signature, answer, options);
    return readOutputs(signature, completion, found, options);
  },
  reask: (signature, completion, problem) => askAgain(completion, problem, request(signature)),
  reader(signature) {
    const sections = new SectionReader(signature.outputs.map(({ name }) => name));
    const thoughts = new ThoughtFilter();
    return {
      push: (text) => sections.push(thoughts.push(text)),
      end: () => [...sections.push(thoughts.end()), ...sections.end()],
    };
  },
};

const layout: Layout = {
  system: perSignature((signature) =>
    [
      `Inputs:\n${signature.inputs.map(line).join("\n")}`,
      `Outputs:\n${signature.outputs.map(line).join("\n")}`,
      "Everything is written in this form, with values in place of the braces:",
      ...signature.inputs.map(({ name }) => section(name, `{${name}}`)),
      ...signature.outputs.map(({ name, type }) => section(name, `{${name}}${hint(type)}`)),
      marker(completed),
      `Your task: ${signature.instructions}`,
    ].join("\n\n"),
  ),
  user: (signature, fields, values, last) => [
    ...fields.flatMap((field, index) => [
      `${index > 0 ? "\n\n" : ""}${marker(field.name)}\n`,
      ...showInput(field, values[field.name], escapeMarkers),
    ]),
    ...(last ? [`${fields.length > 0 ? "\n\n" : ""}${request(signature)}`] : []),
  ],
  assistant: (signature, values) =>
    [
      ...signature.outputs
        .filter(({ name, type }) => !(type.kind === "optional" && values[name] === null))
        .map(({ name, type }) => section(name, output(type, values[name]))),
      marker(completed),
    ].join("\n\n"),
};

function output(type: FieldType, value: unknown): string {
  return value === undefined ? notSupplied : escapeMarkers(showOutput(type, value));
}

function section(name: string, text: string): string {
  return `${marker(name)}\n${text}`;
}

function line({ name, type, description }: Field): string {
  return `- \`${name}\` (${typeName(type)})${description === "" ? "" : `: ${description}`}`;
}

function hint(type: FieldType): string {
  if (type.kind === "string") return "";
  if (type.kind === "optional") return `   (${describeType(type.inner)}; left out where there is none)`;
  return `   (${describeType(type)})`;
}

function request(signature: AnySignature): string {
  const markers = signature.outputs.map(({ name }) => marker(name));
  return `Answer with the output fields: start with ${inOrder(markers)}, and end with \`${marker(completed)}\`.`;
}
