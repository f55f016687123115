export { Chart } from "./chart.ts";
export { confusionChart } from "./figures/confusion.ts";
export { latencyChart, scoreChart } from "./figures/histogram.ts";
export { perClassChart } from "./figures/per-class.ts";
export { searchChart } from "./figures/search.ts";
export { report, Report } from "./report.ts";
export type { ReportSubject, SearchSummary } from "./subject.ts";
