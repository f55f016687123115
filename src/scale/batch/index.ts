export { batch, type BatchOptions } from "./engine.ts";
