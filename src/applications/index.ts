export { type Classification, type ClassificationOptions, classify } from "./classification.ts";
