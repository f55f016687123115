import { coerce } from "../adapters/coerce.ts";
import { DataError, nearest } from "../core/index.ts";
import type { Module } from "../modules/index.ts";
import { RequestFailure } from "./failure.ts";

/**
 * A program's inputs from what a caller sent: read as their types, in the order of the signature. Members that are no
 * input are left out, as MLflow does.
 *
 * @param row - which one it is of several, from 1.
 * @throws RequestFailure 400 for an input that is missing or not of its type.
 */
export function readInputs(
  program: Module,
  sent: Readonly<Record<string, unknown>>,
  row?: number,
): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const { name, type } of program.signature.inputs) {
    const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
    if (value === undefined || value === null) {
      if (type.kind === "optional") continue;
      if (value === undefined)
        throw malformed(new DataError(missing(name, Object.keys(sent)), { row, column: name }));
    }
    try {
      inputs[name] = coerce(type, value);
    } catch (error) {
      throw malformed(new DataError((error as Error).message, { row, column: name, cause: error }));
    }
  }
  return inputs;
}

function malformed(error: DataError): RequestFailure {
  return new RequestFailure(400, error.message, { cause: error });
}

function missing(name: string, given: readonly string[]): string {
  const near = nearest(name, given);
  return `the input is missing${near === undefined ? "" : `; did you mean it by "${near}"?`} Given: ${given.join(", ") || "nothing"}`;
}
