export { startKernel } from "./kernel.ts";
