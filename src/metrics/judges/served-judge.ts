import type { AnySignature } from "../../adapters/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { callSettings } from "../../modules/index.ts";
import { missingInput } from "../../modules/missing-input.ts";
import { type CheckedSpec, type InputsOf, signature, type SignatureSource } from "../../signature/index.ts";
import type { Scale } from "../numeric.ts";
import { type Direction, Judge, type Judgement } from "./judge.ts";
import { type JudgementColumns, readJudgement } from "./read-judgement.ts";
import { type ScoringAddress, ScoringEndpoint, type ScoringOptions } from "./scoring-endpoint.ts";

/** What a judge that is served elsewhere takes, gives and means. */
export interface ServedJudgeOptions<S extends SignatureSource = AnySignature> extends ScoringOptions {
  /** Its inputs and outputs, a number `score` among them: `text -> rationale, score: float`. */
  signature: CheckedSpec<S>;
  /** The lowest and the highest score. */
  range: Scale;
  /** Whether high scores are good or bad. */
  direction: Direction;
  /** The columns of its predictions, where they have other names. */
  columns?: JudgementColumns | undefined;
  /**
   * What its judgements depend on, such as the version that is served: a study takes scores from its journal only where
   * this is the same. Default: the address, without its query.
   */
  identity?: string | undefined;
}

/**
 * A judge that is a model behind MLflow's scoring protocol: served by `mlflow models serve`, by Databricks
 * (`databricks().judge`), by `lmframe serve`. {@link judged} makes it the metric of any optimizer.
 *
 * ```ts
 * const judge = new ServedJudge({
 *   url: "http://127.0.0.1:5000",
 *   signature: "text -> rationale, score: float",
 *   range: [1, 5],
 *   direction: "higher",
 * });
 * const metric = judged(judge);
 * ```
 *
 * A prediction is a number, its text, a record with the score's column and perhaps a rationale, or a list of the outputs
 * in their order. What cannot be read, and a score off the scale, is a ParseError, so that it counts as an unreadable
 * reply; a server that cannot be reached is an outage. Its judgements are not cached, and the model of the call is not
 * its own. Redirects are not followed.
 */
export class ServedJudge<S extends SignatureSource = AnySignature> extends Judge<InputsOf<S>> {
  readonly range: Scale;
  readonly direction: Direction;
  readonly columns: JudgementColumns;
  /** What tells it from other judges, with what it takes and gives. Holds no secret. */
  readonly identity: string;
  private readonly declared: AnySignature;
  private readonly endpoint: ScoringEndpoint;

  /** @throws ConfigurationError for a signature without a number `score`, an empty range, and a wrong address. */
  constructor(options: ServedJudgeOptions<S> & ScoringAddress) {
    super();
    this.declared = signature(options.signature as never) as AnySignature;
    const score = this.declared.outputs.find(({ name }) => name === "score");
    const isNumber = (type: (typeof this.declared.fields)[number]["type"]) =>
      type.kind === "integer" ||
      type.kind === "number" ||
      (type.kind === "literal" && type.values.every((value) => typeof value === "number"));
    if (!score || !isNumber(score.type))
      throw new ConfigurationError(
        `"${this.declared.toString()}" gives no number "score"; expected one such as "text -> rationale, score: float"`,
      );
    const [low, high] = options.range;
    if (!(high > low))
      throw new ConfigurationError(`invalid range: [${low}, ${high}], expected low below high`);
    this.range = options.range;
    this.direction = options.direction;
    this.columns = options.columns ?? {};
    this.endpoint = new ScoringEndpoint(options);
    this.identity = `${options.identity ?? this.endpoint.address} ${this.declared.toString()}`;
  }

  override get signature(): AnySignature {
    return this.declared;
  }

  /** The score, and why, where the model says so. */
  async forward(inputs: InputsOf<S>): Promise<Judgement> {
    const given = inputs as Readonly<Record<string, unknown>>;
    const row: Record<string, unknown> = {};
    for (const { name, type } of this.declared.inputs) {
      if (given[name] !== undefined) row[name] = given[name];
      else if (type.kind !== "optional") throw missingInput(name, given);
    }
    const prediction = await this.endpoint.predict(row, callSettings().signal);
    return readJudgement(prediction, this.declared, this.range, this.columns);
  }
}
