import { address } from "./package-address.ts";

/** The built package. */
export const lmframe = (await import(address)) as typeof import("../src/index.ts");
