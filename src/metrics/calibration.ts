/** An answer with the probability it was given, and whether it was right. */
export interface ConfidentAnswer {
  /** 0 to 1. */
  confidence: number;
  correct: boolean;
}

/** Answers whose confidence lies in one range. */
export interface ReliabilityBin {
  /** Lower end of the range; the lowest range includes it, the others do not. */
  from: number;
  /** Upper end, included. */
  to: number;
  rows: number;
  /** Mean confidence of the answers. */
  confidence: number;
  /** Share of the answers that were right; of calibrated ones it equals `confidence`. */
  accuracy: number;
}

/**
 * Confidence against accuracy in ranges of equal width, lowest first; ranges without answers are left out.
 *
 * @param bins how many ranges 0 to 1 is cut into. Default 10.
 */
export function reliability(answers: Iterable<ConfidentAnswer>, bins = 10): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ rows: 0, confidence: 0, correct: 0 }));
  for (const { confidence, correct } of answers) {
    const sum = sums[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))]!;
    sum.rows++;
    sum.confidence += confidence;
    if (correct) sum.correct++;
  }
  return sums.flatMap(({ rows, confidence, correct }, index) =>
    rows === 0
      ? []
      : [
          {
            from: index / bins,
            to: (index + 1) / bins,
            rows,
            confidence: confidence / rows,
            accuracy: correct / rows,
          },
        ],
  );
}

/**
 * How far confidence is from accuracy, over ranges of confidence and weighted by their rows: 0 is calibrated, 1 the
 * worst (Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3). NaN without answers.
 *
 * @param bins see {@link reliability}. Default 10; with few answers, noise alone gives a hundredth or a few.
 */
export function expectedCalibrationError(answers: Iterable<ConfidentAnswer>, bins = 10): number {
  const found = reliability(answers, bins);
  const total = found.reduce((sum, { rows }) => sum + rows, 0);
  return found.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.accuracy - bin.confidence), 0) / total;
}
