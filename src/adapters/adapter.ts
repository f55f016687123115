import type { LMRequest, Message, ToolCall } from "../lm/request.ts";
import type { Signature } from "../signature/index.ts";

/** Inputs and outputs a predictor is shown as an example. Fields may be missing. */
export type Demo = Readonly<Record<string, unknown>>;

/** Any signature, whatever its fields. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnySignature = Signature<any, any>;

/** What is known of a reply beside its text. */
export interface ParseOptions {
  /**
   * True where the endpoint ended the reply for its length: then a value that stands at its very end counts as
   * missing, since it may be half of one. Default false: brackets left open are taken as forgotten.
   */
  cut?: boolean | undefined;
  /** The calls of tools that came beside the text. */
  toolCalls?: readonly ToolCall[] | undefined;
}

/** A field that became whole, or grew, while an answer streams. */
export interface FieldDelta {
  field: string;
  /** Text that was added to the field since the last delta. */
  delta: string;
}

/**
 * Turns a signature and values into messages, and reads values out of what came back. Adapters hold no state;
 * both directions are pure.
 */
export interface Adapter {
  readonly name: string;
  /** The messages: instructions and format, demos as turns, and the inputs to answer. */
  format(
    signature: AnySignature,
    demos: readonly Demo[],
    inputs: Readonly<Record<string, unknown>>,
  ): Message[];
  /** Request members this format wants beside the messages: a schema to constrain by, or tools to call. */
  constraint(signature: AnySignature): Pick<LMRequest, "responseFormat" | "tools" | "toolChoice">;
  /**
   * The declared outputs, each of its type. Throws ParseError, with the completion, where a value cannot be
   * read as its type without guessing.
   */
  parse(signature: AnySignature, completion: string, options?: ParseOptions): Record<string, unknown>;
  /** The message that shows the model what was wrong with its reply and asks for it again. */
  reask(signature: AnySignature, completion: string, problem: string): Message[];
  /** Reads fields out of text as it arrives. Call `push` with each piece, `end` after the last. */
  reader(signature: AnySignature): { push(text: string): FieldDelta[]; end(): FieldDelta[] };
}
