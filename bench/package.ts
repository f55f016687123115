import { address } from "./package-address.ts";

/** The built package. */
export const lmframe = (await import(address)) as typeof import("../src/index.ts");

/** Its `lmframe/scale`. */
export const scale = async () =>
  (await import(new URL("./scale/index.js", address).href)) as typeof import("../src/scale/index.ts");

/** Its `lmframe/serving`. */
export const serving = async () =>
  (await import(new URL("./serving/index.js", address).href)) as typeof import("../src/serving/index.ts");

/** Its `lmframe/applications`. */
export const applications = async () =>
  (await import(
    new URL("./applications/index.js", address).href
  )) as typeof import("../src/applications/index.ts");
