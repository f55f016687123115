export { Cascade, type CascadeOptions } from "./cascade.ts";
export { runConfidence } from "./confidence.ts";
export { cascadeCurve, CascadeCurve, type CascadePoint, type ModelPoint } from "./curve.ts";
