import { outputSchema, type Field } from "../signature/index.ts";
import type { Adapter, AnySignature, FieldDelta } from "./adapter.ts";
import { askAgain, converse, type Layout, notSupplied } from "./conversation.ts";
import { JsonStream } from "./json-stream.ts";
import { perSignature } from "./per-signature.ts";
import { foundAlone, foundMembers, foundSections, readable, readOutputs } from "./reply.ts";
import { describeType, type Piece, showInput } from "./show.ts";
import { answerOf, ThoughtFilter } from "./thoughts.ts";

/**
 * Asks for one JSON object, and constrains decoding by its schema where the endpoint can. Inputs are lines of
 * `name: value`; further lines of a value are indented, so that no value can pass for another field. The wording
 * is short, since small models follow it better.
 */
export const jsonAdapter: Adapter = {
  name: "json",
  format: (signature, demos, inputs) => converse(layout, signature, demos, inputs),
  constraint: perSignature((signature) => ({
    responseFormat: { name: "outputs", schema: outputSchema(signature) },
  })),
  parse(signature, completion, options = {}) {
    const answer = answerOf(completion);
    const members = foundMembers(signature, answer, options);
    let found = members;
    if (!readable(found)) found = foundSections(signature, answer, options);
    if (found.size === 0 && !options.cut) found = foundAlone(signature, answer);
    return readOutputs(signature, completion, found.size === 0 ? members : found, options);
  },
  reask: (signature, completion, problem) =>
    askAgain(completion, problem, `Answer again, with nothing but this JSON object:\n${outline(signature)}`),
  reader: (signature) => streamReader(signature),
};

const layout: Layout = {
  system: perSignature((signature) => {
    const described = signature.inputs.filter(({ description }) => description !== "");
    return [
      signature.instructions,
      described.length > 0 &&
        `You are given:\n${described.map(({ name, description }) => `- ${name}: ${description}`).join("\n")}`,
      `Answer with a JSON object of these fields:\n${outline(signature)}`,
    ]
      .filter(Boolean)
      .join("\n\n");
  }),
  user: (_signature, fields, values) => inputLines(fields, values),
  assistant(signature, values) {
    const members = signature.outputs.map(
      ({ name }) => `${JSON.stringify(name)}: ${JSON.stringify(values[name] ?? absent(values, name))}`,
    );
    return `{${members.join(", ")}}`;
  },
};

/** A line `name: value` for each input; further lines of a value are indented. */
export function inputLines(fields: readonly Field[], values: Readonly<Record<string, unknown>>): Piece[] {
  return fields.flatMap((field, index) => [
    `${index > 0 ? "\n" : ""}${field.name}: `,
    ...showInput(field, values[field.name], indentLines),
  ]);
}

/** `text` with its second and further lines indented, so that none can pass for a line of another meaning. */
export function indentLines(text: string): string {
  return text.replace(/\r\n|[\n\r\u2028\u2029]/g, "\n  ");
}

function absent(values: Readonly<Record<string, unknown>>, name: string): string | null {
  return values[name] === undefined ? notSupplied : null;
}

function outline(signature: AnySignature): string {
  return signature.outputs.map(line).join("\n");
}

function line({ name, type, description }: Field): string {
  return `- ${name}: ${describeType(type)}${description === "" ? "" : `; ${description}`}`;
}

function streamReader(signature: AnySignature): ReturnType<Adapter["reader"]> {
  const names = signature.outputs.map(({ name }) => name);
  const stream = new JsonStream(names);
  const thoughts = new ThoughtFilter();
  const given = new Map<string, string>();
  let completion = "";
  const keep = (deltas: FieldDelta[]) => {
    for (const { field, delta } of deltas) given.set(field, (given.get(field) ?? "") + delta);
    return deltas;
  };
  return {
    push(text) {
      completion += text;
      return keep(stream.push(thoughts.push(text)));
    },
    end() {
      const deltas = keep(stream.push(thoughts.end()));
      // What needed repair could not be read as it came.
      const found = foundMembers(signature, answerOf(completion));
      for (const name of names) {
        const member = found.get(name);
        if (!member || !("source" in member)) continue;
        const text = typeof member.value === "string" ? member.value : member.source;
        const before = given.get(name) ?? "";
        if (text.length > before.length && text.startsWith(before)) {
          deltas.push({ field: name, delta: text.slice(before.length) });
        }
      }
      return deltas;
    },
  };
}
