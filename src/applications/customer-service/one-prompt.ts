import { Module, Predict } from "../../modules/index.ts";
import { field, literalOf, Signature } from "../../signature/index.ts";
import { type CustomerServiceOptions, type ServiceAnswer, serviceSignature } from "./customer-service.ts";
import { airlineCategories, type ServiceReading, sentiments, urgencies } from "./labels.ts";
import { airlineRules, decide, type ServiceRule } from "./rules.ts";

/**
 * The same task by one prompt, as a careful person writes it by hand: all labels are explained and asked for at once.
 * What {@link CustomerService} is measured against.
 */
export class OnePromptService extends Module {
  static override signature = serviceSignature;
  readonly prompt: Predict;
  readonly rules: readonly ServiceRule[];

  constructor({ categories = airlineCategories, rules = airlineRules }: CustomerServiceOptions = {}) {
    super();
    const told = Object.entries(categories).map(([name, about]) => `- ${name}: ${about}`);
    this.prompt = new Predict(
      new Signature([
        field("inquiry", "input", { kind: "string" }),
        field("sentiment", "output", literalOf(sentiments)),
        field("urgency", "output", literalOf(urgencies)),
        field("category", "output", literalOf(Object.keys(categories))),
      ]),
      [
        "You sort the messages that customers write to the company. Read the message and give three labels.",
        "Sentiment is how the customer feels: negative for complaints, however polite, and for sarcasm; neutral for " +
          "questions and remarks without praise or blame; positive for thanks and praise.",
        "Urgency is how soon somebody must act: high where a journey under way may fail or somebody is in danger, " +
          "medium for open cases, loss or damage, low where nothing is open.",
        "Category is what the customer wants solved:",
        ...told,
      ].join("\n"),
    ) as Predict;
    this.rules = rules;
  }

  async forward({ inquiry }: { inquiry: string }): Promise<ServiceAnswer> {
    const reading = (await this.prompt.call({ inquiry })) as unknown as ServiceReading;
    return { ...reading, ...decide(this.rules, reading), confidence: null };
  }
}
