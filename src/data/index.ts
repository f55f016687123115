export { Dataset, type ColumnSchema, type Split, type TableLike } from "./dataset.ts";
export { Scan } from "./scan.ts";
export { type SplitOptions } from "./split.ts";
export { type ColumnTypes, type ReadOptions, type Row } from "./table-format.ts";
export { type Kind, type ScalarName } from "./columns/kind.ts";
export { type Format } from "./file.ts";
export { type FrameLike } from "./danfo.ts";
