export { Chart } from "./chart.ts";
export { confusionChart } from "./figures/confusion.ts";
export { estimateChart, sliceChart } from "./figures/intervals.ts";
export { latencyChart } from "./figures/latency.ts";
export { perClassChart } from "./figures/per-class.ts";
export { scoreChart } from "./figures/scores.ts";
export { searchChart } from "./figures/search.ts";
export { report, Report } from "./report.ts";
export type { ReportSubject, SearchSummary } from "./subject.ts";
