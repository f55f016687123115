import { ConfigurationError, DataError } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import {
  type Comparison,
  type EvaluateOptions,
  type Evaluation,
  evaluateWhole,
  labelsOf,
} from "../../evaluate/index.ts";
import { ConfusionMatrix, type Metric } from "../../metrics/index.ts";
import type { Module } from "../../modules/index.ts";
import { completeAssumptions, type ServiceAssumptions } from "./assumptions.ts";
import type { ServiceAnswer } from "./customer-service.ts";
import { firstCost } from "./first-cost.ts";
import type { ServiceReading } from "./labels.ts";
import { OnePromptService } from "./one-prompt.ts";
import { decide, type ServiceRule } from "./rules.ts";

const fields = ["sentiment", "urgency", "category"] as const;

/** The labels of a message that a person gave, as tables that measure the service hold them. */
export interface LabelledInquiry extends ServiceReading {
  inquiry: string;
}

/** One label, on all rows. */
export interface LabelMeasure {
  field: (typeof fields)[number];
  accuracy: number;
  macroF1: number;
}

/** Counts over the rows that have an answer or an unreadable one; outages are left out. */
export interface DecisionMeasures {
  messages: number;
  /** Rows whose reply could not be read, or on which the program threw; they go to a person. */
  unread: number;
  /** Went to the team that the person's labels lead to. */
  routedRight: number;
  /** Escalated. */
  escalated: number;
  /** To be escalated, by the person's labels. */
  toEscalate: number;
  /** Escalated, and rightly. */
  escalatedRight: number;
}

/** What comes of looking at all messages below a confidence. */
export interface ReviewMeasure {
  /** Answers that are less sure are looked at by a person. */
  threshold: number;
  /** Share of the messages that a person looks at, 0 to 1; unread ones are among them. */
  reviewed: number;
  /** Share of the others that went to the right team; NaN where there are none. */
  routedRight: number;
}

/** What follows from the measures and the assumptions together. An estimate: nobody measured it. */
export interface ServiceEstimates {
  /** Share of messages resolved at the first contact. */
  firstContactResolution: number;
  /** Minutes of people's work to sort a message, by hand and with the program. */
  minutesByHand: number;
  minutes: number;
  /** US dollars saved over 1,000 messages; what the model costs is taken off where its price is known. */
  savedPerThousand: number;
  /**
   * US dollars that the model costs over 1,000 messages, answers from the cache at what they cost when first made; null
   * where its price is not known, or that of answers from the cache.
   */
  modelCostPerThousand: number | null;
}

/** What the service is worth on labelled messages. */
export interface ServiceMeasures {
  answers: Evaluation;
  /** The hand-written prompt on the same rows. */
  baseline: Evaluation;
  comparison: Comparison;
  labels: readonly LabelMeasure[];
  baselineLabels: readonly LabelMeasure[];
  decisions: DecisionMeasures;
  baselineDecisions: DecisionMeasures;
  /** At thresholds from 0.5 to 0.95 and the one asked for; empty where no answer has a confidence. */
  reviews: readonly ReviewMeasure[];
  /** At the threshold asked for; undefined where no answer has a confidence. */
  review: ReviewMeasure | undefined;
  estimates: ServiceEstimates;
  assumptions: ServiceAssumptions;
}

/** How the service is measured. */
export interface MeasureServiceOptions extends EvaluateOptions {
  /** What it is compared with. Default: `new OnePromptService()` with the same rules. */
  baseline?: Module | undefined;
  /** The evaluation of a baseline made before on the same rows, in place of `baseline`. */
  measuredBaseline?: Evaluation | undefined;
  /** Confidence below which a person looks at a message, 0 to 1. Default 0.7. */
  reviewBelow?: number | undefined;
  /** In place of the defaults of {@link ServiceAssumptions}. */
  assumptions?: Partial<ServiceAssumptions> | undefined;
}

/** Metric: share of the three labels that are the row's, with those that are not as feedback. */
export const labelsRight: Metric<LabelledInquiry, ServiceAnswer> = Object.assign(
  (row: LabelledInquiry, outputs: ServiceAnswer) => {
    const wrong = fields.filter((name) => row[name] !== outputs[name]);
    const told = wrong.map((name) => `${name}: expected ${row[name]}, got ${String(outputs[name])}`);
    return { score: 1 - wrong.length / fields.length, feedback: told.join("; ") || undefined };
  },
  { label: "labels right" },
);

/**
 * Runs a service and its baseline on labelled messages (`inquiry`, `sentiment`, `urgency`, `category`), and works out
 * what that means for a service desk: from the rows where they can tell, from stated assumptions where they cannot.
 *
 * @throws DataError for a table without these columns, UnreachableError where the rows could not all be run, and
 * ConfigurationError for a threshold or an assumption out of range.
 */
export async function measureService(
  service: Module & { readonly rules: readonly ServiceRule[] },
  data: TableLike,
  options: MeasureServiceOptions = {},
): Promise<ServiceMeasures> {
  const { baseline, measuredBaseline, reviewBelow = 0.7, assumptions: given = {}, ...settings } = options;
  if (!(reviewBelow >= 0 && reviewBelow <= 1))
    throw new ConfigurationError(`invalid reviewBelow: ${reviewBelow}; expected a confidence from 0 to 1`);
  const assumptions = completeAssumptions(given);
  const rows = labelled(data);
  const { rules } = service;
  const run = (program: Module, name: string) =>
    evaluateWhole(program, rows, labelsRight, { name, ...settings });
  const before =
    measuredBaseline ?? (await run(baseline ?? new OnePromptService({ rules }), "hand-written prompt"));
  const { value: answers, cost } = await firstCost(() => run(service, "customer service"));
  const messages = outcomes(answers, rules);
  const reviews = messages.some(({ confidence }) => confidence !== null)
    ? [...new Set([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, reviewBelow])]
        .sort((a, b) => a - b)
        .map((threshold) => reviewAt(messages, threshold))
    : [];
  return {
    answers,
    baseline: before,
    comparison: answers.compare(before),
    labels: labelMeasures(answers),
    baselineLabels: labelMeasures(before),
    decisions: decisionMeasures(messages),
    baselineDecisions: decisionMeasures(outcomes(before, rules)),
    reviews,
    review: reviews.find(({ threshold }) => threshold === reviewBelow),
    estimates: estimatesOf(messages, reviews.length > 0 ? reviewBelow : 0, assumptions, cost),
    assumptions,
  };
}

/** The table, once it is known to have the columns. */
function labelled(table: TableLike): Dataset {
  const data = Dataset.from(table);
  data.select("inquiry", ...fields);
  if (data.length === 0) throw new DataError("holds no rows to measure on", { file: data.source });
  return data;
}

/** A message as the desk sees it. */
interface Outcome {
  /** Null: nobody could say, or the reply could not be read. */
  confidence: number | null;
  unread: boolean;
  routedRight: boolean;
  escalate: boolean;
  toEscalate: boolean;
}

function outcomes({ rows }: Evaluation, rules: readonly ServiceRule[]): Outcome[] {
  return [...rows].flatMap(({ row, outputs, status }) => {
    if (status === "outage") return [];
    const right = decide(rules, row as unknown as LabelledInquiry);
    const answer = status === "scored" ? (outputs as unknown as ServiceAnswer) : undefined;
    return {
      confidence: answer?.confidence ?? null,
      unread: answer === undefined,
      routedRight: answer?.route === right.route,
      escalate: answer?.escalate ?? false,
      toEscalate: right.escalate,
    };
  });
}

function labelMeasures(evaluation: Evaluation): LabelMeasure[] {
  return fields.map((field) => {
    const matrix = new ConfusionMatrix();
    for (const { row, outputs, status } of evaluation.rows) {
      // The score is of all three labels, so it says nothing of this one.
      const labels = labelsOf(row, { outputs, status, score: NaN }, field);
      if (labels) matrix.add(labels.expected, labels.predicted);
    }
    return { field, accuracy: matrix.accuracy(), macroF1: matrix.macroF1() };
  });
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length;
}

function decisionMeasures(messages: readonly Outcome[]): DecisionMeasures {
  return {
    messages: messages.length,
    unread: count(messages, ({ unread }) => unread),
    routedRight: count(messages, ({ routedRight }) => routedRight),
    escalated: count(messages, ({ escalate }) => escalate),
    toEscalate: count(messages, ({ toEscalate }) => toEscalate),
    escalatedRight: count(messages, ({ escalate, toEscalate }) => escalate && toEscalate),
  };
}

/** Whether a person looks at the message: nobody has sorted it, or it is less sure than asked for. */
function isReviewed({ unread, confidence }: Outcome, threshold: number): boolean {
  return unread || (threshold > 0 && (confidence ?? 0) < threshold);
}

function reviewAt(messages: readonly Outcome[], threshold: number): ReviewMeasure {
  const others = messages.filter((message) => !isReviewed(message, threshold));
  return {
    threshold,
    reviewed: 1 - others.length / messages.length,
    routedRight: count(others, ({ routedRight }) => routedRight) / others.length,
  };
}

/**
 * A person who looks at a message sends it to the right team, and sorts one that was not read as if by hand. What is
 * escalated is not resolved at the first contact.
 */
function estimatesOf(
  messages: readonly Outcome[],
  threshold: number,
  assumptions: ServiceAssumptions,
  cost: number | null,
): ServiceEstimates {
  const { minutesToSort, minutesToReview, minutesToReroute, hourlyCost } = assumptions;
  const { resolvedAtRightTeam, resolvedAtWrongTeam } = assumptions;
  let [resolved, minutes] = [0, 0];
  for (const message of messages) {
    const reviewed = isReviewed(message, threshold);
    const right = reviewed || message.routedRight;
    if (reviewed) minutes += message.unread ? minutesToSort : minutesToReview;
    else if (!right) minutes += minutesToReroute;
    if (!message.escalate) resolved += right ? resolvedAtRightTeam : resolvedAtWrongTeam;
  }
  const each = minutes / messages.length;
  const modelCostPerThousand = cost === null ? null : (cost / messages.length) * 1000;
  return {
    firstContactResolution: resolved / messages.length,
    minutesByHand: minutesToSort,
    minutes: each,
    savedPerThousand: ((minutesToSort - each) / 60) * hourlyCost * 1000 - (modelCostPerThousand ?? 0),
    modelCostPerThousand,
  };
}
