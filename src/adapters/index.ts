export { type Adapter, type AnySignature, type Demo, type FieldDelta, type ParseOptions } from "./adapter.ts";
export { chooseAdapter } from "./auto.ts";
export { chatAdapter } from "./chat.ts";
export { jsonAdapter } from "./json.ts";
export { xmlAdapter } from "./xml.ts";
