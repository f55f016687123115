export { costByModel, type ModelCost } from "./by-model.ts";
export { costByPredictor, type PredictorSpending } from "./by-predictor.ts";
