export { type Figure, figureBundle, type FigureOptions } from "./figure.ts";
