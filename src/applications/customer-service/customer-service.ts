import { record, type Span } from "../../core/index.ts";
import {
  Calibration,
  type LabelProbabilities,
  Module,
  Predict,
  weighableField,
} from "../../modules/index.ts";
import { field, literalOf, Signature, signature, type SignatureSource } from "../../signature/index.ts";
import {
  airlineCategories,
  priorities,
  type Sentiment,
  sentiments,
  type ServiceReading,
  type Urgency,
  urgencies,
} from "./labels.ts";
import { airlineRules, decide, type ServiceDecision, type ServiceRule } from "./rules.ts";

/** How messages are told apart, and what is done with them. */
export interface CustomerServiceOptions {
  /** The categories, each with what tells it from the others. Default {@link airlineCategories}. */
  categories?: Readonly<Record<string, string>> | undefined;
  /** Default {@link airlineRules}. */
  rules?: readonly ServiceRule[] | undefined;
}

/** What {@link CustomerService} gives. */
export interface ServiceAnswer extends ServiceReading, ServiceDecision {
  /**
   * Probability of the least sure of the three labels, 0 to 1; null where the endpoint tells no log-probabilities.
   * `Calibrate` makes it honest.
   */
  confidence: number | null;
}

const quoted = (labels: readonly string[]) => `Literal[${labels.map((label) => `'${label}'`).join(", ")}]`;

/** What any program for {@link measureService} takes and gives. */
export const serviceSignature = signature(
  `inquiry -> sentiment: ${quoted(sentiments)}, urgency: ${quoted(urgencies)}, category, ` +
    `priority: ${quoted(priorities)}, route, escalate: bool, confidence: Optional[float]`,
);

/** The first step: how the customer feels, and how soon somebody must act. Asked side by side, so that each is weighed. */
class Reading extends Module {
  static override signature = signature(
    "inquiry -> sentiment: Literal['negative', 'neutral', 'positive'], urgency: Literal['low', 'medium', 'high']",
  );
  readonly sentiment = weighed(
    new Predict(
      "inquiry -> sentiment: Literal['negative', 'neutral', 'positive']",
      "Say how the customer feels. A request made because something went wrong is negative; sarcasm counts by what " +
        "is meant; a question without praise or blame is neutral.",
    ),
  );
  readonly urgency = weighed(
    new Predict(
      "inquiry -> urgency: Literal['low', 'medium', 'high']",
      "Say how soon somebody must act. high: a journey under way may fail, or somebody is in danger. medium: an " +
        "open case, loss or damage. low: nothing is open, such as praise, opinions and general questions.",
    ),
  );

  async forward({ inquiry }: { inquiry: string }): Promise<{ sentiment: Sentiment; urgency: Urgency }> {
    const [{ sentiment }, { urgency }] = await Promise.all([
      this.sentiment.call({ inquiry }),
      this.urgency.call({ inquiry }),
    ]);
    return { sentiment, urgency };
  }
}

/**
 * Sorts messages of customers: `inquiry -> sentiment, urgency, category, priority, route, escalate, confidence`.
 * Sentiment and urgency are read first, the category in the light of them; what is then done is decided by
 * {@link decide}, by the rules of the house.
 *
 * ```ts
 * const service = new CustomerService();
 * const { route, escalate } = await service.call({ inquiry: "My connection leaves in 20 minutes!" });
 * ```
 *
 * Each label is weighed where the endpoint tells log-probabilities, so that a person can look at those it is not
 * sure of. `Calibrate` tunes all three, given rows with `sentiment`, `urgency` and `category`.
 */
export class CustomerService extends Module {
  static override signature = serviceSignature;
  private readonly reading = new Reading();
  readonly category: Predict;
  readonly rules: readonly ServiceRule[];

  constructor({ categories = airlineCategories, rules = airlineRules }: CustomerServiceOptions = {}) {
    super();
    const told = Object.entries(categories).map(([name, about]) => `${name}: ${about}.`);
    this.category = weighed(
      new Predict(
        new Signature([
          field("inquiry", "input", { kind: "string" }),
          field("sentiment", "input", literalOf(sentiments)),
          field("urgency", "input", literalOf(urgencies)),
          field("category", "output", literalOf(Object.keys(categories))),
        ]),
        `Say what the customer wants solved, or mostly writes about. ${told.join(" ")}`,
      ) as Predict,
    );
    this.rules = rules;
  }

  async forward({ inquiry }: { inquiry: string }): Promise<ServiceAnswer> {
    const spans: Span[] = [];
    const reading = await record(spans, async () => {
      const first = await this.reading.call({ inquiry });
      const { category } = (await this.category.call({ inquiry, ...first })) as { category: string };
      return { ...first, category };
    });
    const sure = spans.flatMap(({ attributes: { probabilities }, result }) => {
      const [answer] = Object.values((result ?? {}) as Record<string, string>);
      const found = (probabilities as LabelProbabilities | undefined)?.[answer ?? ""];
      return found === undefined ? [] : [found];
    });
    return {
      ...reading,
      ...decide(this.rules, reading),
      confidence: sure.length === 0 ? null : Math.min(...sure),
    };
  }
}

/** The predictor, weighing its labels. */
function weighed<S extends SignatureSource>(predictor: Predict<S>): Predict<S> {
  const { labels } = weighableField(predictor.signature)!;
  return predictor.edited({ extensions: { calibration: Calibration.plain(labels) } });
}
