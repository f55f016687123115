import type { AnySignature } from "../../adapters/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { passageText, Retrieve, type RetrieveOptions, type Retriever } from "../../modules/index.ts";
import type { Scale } from "../numeric.ts";
import { type Direction, Judge, type Judgement } from "./judge.ts";

/** How a {@link ContextualJudge} searches. */
export interface ContextualJudgeOptions extends RetrieveOptions {
  /** The input that is searched for, such as `answer`. */
  query: string;
  /** The judge's input that the passages found go into: a list of texts, or one text. Default `context`. */
  into?: string | undefined;
}

type Inputs = Readonly<Record<string, unknown>>;

/**
 * A judge that looks something up before it judges: what `query` finds is given to `judge` as `context`, on behalf of the
 * principal of the call. It takes what the judge takes, but for the context; scale, direction and instructions are the
 * judge's.
 *
 * ```ts
 * new ContextualJudge(new Faithfulness(), index, { query: "answer" }); // answer -> rationale, score
 * ```
 */
export class ContextualJudge<J extends Judge<never>> extends Judge<Inputs> {
  readonly judge: J;
  readonly retrieve: Retrieve;
  private readonly query: string;
  private readonly into: string;

  /** Throws ConfigurationError where `query` or `into` is no input of the judge. */
  constructor(
    judge: J,
    retriever: Retriever,
    { query, into = "context", ...search }: ContextualJudgeOptions,
  ) {
    super();
    this.judge = judge;
    this.retrieve = new Retrieve(retriever, search);
    this.query = query;
    this.into = into;
    const names = judge.signature.inputs.map(({ name }) => name);
    for (const name of [query, into]) {
      if (!names.includes(name)) {
        throw new ConfigurationError(
          `"${name}" is no input of ${judge.constructor.name}; it takes: ${names.join(", ")}`,
        );
      }
    }
    if (query === into) throw new ConfigurationError(`"${into}" cannot be both searched for and found`);
  }

  get range(): Scale {
    return this.judge.range;
  }

  get direction(): Direction {
    return this.judge.direction;
  }

  override get signature(): AnySignature {
    return this.judge.signature.without(this.into as never) as AnySignature;
  }

  async forward(inputs: Inputs): Promise<Judgement> {
    const { passages } = await this.retrieve.call({ query: String(inputs[this.query]) });
    const texts = passages.map(passageText);
    const list = this.judge.signature.field(this.into).type.kind === "list";
    const given = { ...inputs, [this.into]: list ? texts : texts.join("\n\n") };
    return (this.judge as unknown as Judge).call(given);
  }
}
