export { type Classification, type ClassificationOptions, classify } from "./classification.ts";
export { labelMatch } from "./label-match.ts";
