import type { Adapter, AnySignature } from "./adapter.ts";
import { perSignature } from "./per-signature.ts";

/**
 * `adapter`, to which each signature is what `view` makes of it: with a type that is narrowed for one call, or with
 * more to read. The fields must keep their names.
 */
export function viewed(adapter: Adapter, view: (signature: AnySignature) => AnySignature): Adapter {
  const see = perSignature(view);
  return {
    name: adapter.name,
    format: (signature, demos, inputs) => adapter.format(see(signature), demos, inputs),
    constraint: (signature) => adapter.constraint(see(signature)),
    parse: (signature, completion, options) => adapter.parse(see(signature), completion, options),
    reask: (signature, completion, problem) => adapter.reask(see(signature), completion, problem),
    reader: (signature) => adapter.reader(see(signature)),
  };
}
