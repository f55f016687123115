import type { AnySignature } from "./adapter.ts";

/** `make`, whose result for a signature is kept as long as the signature is: signatures never change. */
export function perSignature<T extends object | string>(
  make: (signature: AnySignature) => T,
): (signature: AnySignature) => T {
  const made = new WeakMap<AnySignature, T>();
  return (signature) => {
    let result = made.get(signature);
    if (result === undefined) made.set(signature, (result = make(signature)));
    return result;
  };
}
