import type { Message } from "../lm/request.ts";
import type { Field } from "../signature/index.ts";
import type { AnySignature, Demo } from "./adapter.ts";
import { contentOf, type Piece } from "./show.ts";

/** Stands for an output that a demo lacks. */
export const notSupplied = "Not supplied for this example.";

/** How one format writes its messages. */
export interface Layout {
  system(signature: AnySignature): string;
  /** The inputs of a turn; `last` where they are to be answered now. */
  user(
    signature: AnySignature,
    fields: readonly Field[],
    values: Readonly<Record<string, unknown>>,
    last: boolean,
  ): Piece[];
  /** The outputs of a turn: a text, or messages where it takes more than one. */
  assistant(signature: AnySignature, values: Readonly<Record<string, unknown>>): string | readonly Message[];
}

/**
 * The messages of a request: what to do, demos, earlier turns, and the inputs to answer. Demos that lack a field
 * come first and say so; a demo without any input or any output shows nothing and is left out, as in DSPy.
 */
export function converse(
  layout: Layout,
  signature: AnySignature,
  demos: readonly Demo[],
  inputs: Readonly<Record<string, unknown>>,
): Message[] {
  const shown = signature.inputs.filter(({ type }) => type.kind !== "history");
  const has = (values: Demo) => (field: Field) => values[field.name] !== undefined;
  const turn = (values: Demo, note = ""): Message[] => {
    const fields = shown.filter(has(values));
    const pieces = layout.user(signature, fields, values, false);
    const answer = layout.assistant(signature, values);
    return [
      { role: "user", content: contentOf(note ? [`${note}\n\n`, ...pieces] : pieces) },
      ...(typeof answer === "string" ? [{ role: "assistant" as const, content: answer }] : answer),
    ];
  };
  const isWhole = (demo: Demo) => shown.every(has(demo)) && signature.outputs.every(has(demo));
  const usable = demos.filter((demo) => shown.some(has(demo)) && signature.outputs.some(has(demo)));

  return [
    { role: "system", content: layout.system(signature) },
    ...usable
      .filter((demo) => !isWhole(demo))
      .flatMap((demo) => turn(demo, "An example that lacks some fields:")),
    ...usable.filter(isWhole).flatMap((demo) => turn(demo)),
    ...earlierTurns(signature, inputs).flatMap((values) => turn(values)),
    {
      role: "user",
      content: contentOf(layout.user(signature, shown.filter(has(inputs)), inputs, true)),
    },
  ];
}

function earlierTurns(signature: AnySignature, inputs: Readonly<Record<string, unknown>>): Demo[] {
  return signature.inputs
    .filter(({ type }) => type.kind === "history")
    .flatMap(({ name }) => {
      const history = inputs[name] as { messages?: readonly Demo[] } | null | undefined;
      return history?.messages ?? [];
    });
}

/** The messages that show the model its reply and what was wrong with it. */
export function askAgain(completion: string, problem: string, reminder: string): Message[] {
  const shown =
    completion.length > 4_000 ? `${completion.slice(0, 2_000)}\n…\n${completion.slice(-2_000)}` : completion;
  const again: Message = {
    role: "user",
    content: `That cannot be read: ${problem}.\n${reminder}`,
  };
  return completion.trim() === "" ? [again] : [{ role: "assistant", content: shown }, again];
}

/** `names` in backticks, as `a`, then `b`. */
export function inOrder(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", then ");
}
