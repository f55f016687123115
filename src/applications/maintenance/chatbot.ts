import {
  CitedAnswer,
  Module,
  type Passage,
  passageText,
  Predict,
  Retrieve,
  type RetrieveOptions,
  type Retriever,
  type Source,
} from "../../modules/index.ts";
import { Answerability } from "../../retrieval/index.ts";
import { type History, signature } from "../../signature/index.ts";

/** How {@link MaintenanceChatbot} works. */
export interface MaintenanceChatbotOptions extends RetrieveOptions {
  /** What tells whether the entries hold the answer. Default: fitted with the embedded embedder. */
  answerability?: Answerability | undefined;
  /** True: reasons before it answers; a model too small to reason only loses its way in it. Default false. */
  reasoning?: boolean | undefined;
}

/** A logbook entry that an answer rests on. */
export interface Citation {
  id: string;
  text: string;
  source: Source;
}

/** What the {@link MaintenanceChatbot} gives. */
export interface MaintenanceAnswer {
  answer: string;
  /** False: the entries do not hold the answer, and `answer` says so. */
  answered: boolean;
  citations: Citation[];
  /** What to do next. */
  follow_up: string;
  urgency: "routine" | "soon" | "before flight";
  /** What was searched for. */
  search_query: string;
  /** What was found, cited or not. */
  passages: Passage[];
}

const standalone = signature(
  "question, history: History -> search_query",
  "Write the mechanic's question so that it can be understood without the conversation before it.",
);
const triage = signature(
  {
    inputs: { question: "str", entries: "list[str]" },
    outputs: {
      urgency: {
        type: "Literal['routine', 'soon', 'before flight']",
        description: "when it must be seen to",
      },
      follow_up: { type: "str", description: "the next action for the mechanic, in one short sentence" },
    },
  },
  "A mechanic asks about an aircraft. From the question and like entries of the logbook, say when it must be seen " +
    "to, and what to do next.",
);

const refusal = "The logbook entries that you may see do not answer this.";

/**
 * Answers a mechanic's questions from a logbook, citing its entries: `question, history -> answer, citations,
 * follow_up, urgency`. Where the entries do not hold the answer it says so, before any model is asked. It searches on
 * behalf of the principal of the call: `chatbot.call({ question }, { principal: { id: "ann", groups: ["line"] } })`.
 *
 * Citations are entries that were found; none can be invented. Where the model cites none of them for its answer, the
 * one found first is cited.
 */
export class MaintenanceChatbot extends Module {
  static override signature = signature(
    "question, history: Optional[History] -> answer, answered: bool, citations: list[dict[str, Any]], follow_up, " +
      "urgency: Literal['routine', 'soon', 'before flight']",
  );
  readonly standalone = new Predict(standalone);
  readonly retrieve: Retrieve;
  readonly answer: CitedAnswer;
  readonly triage = new Predict(triage);
  readonly answerability: Answerability;

  constructor(retriever: Retriever, options: MaintenanceChatbotOptions = {}) {
    super();
    const { answerability = new Answerability(), reasoning = false, ...search } = options;
    this.retrieve = new Retrieve(retriever, search);
    this.answer = new CitedAnswer({ reasoning });
    this.answerability = answerability;
  }

  async forward({
    question,
    history,
  }: {
    question: string;
    history?: History | null | undefined;
  }): Promise<MaintenanceAnswer> {
    const search_query =
      history && history.messages.length > 0
        ? (await this.standalone.call({ question, history })).search_query.trim() || question
        : question;
    const { passages } = await this.retrieve.call({ query: search_query });
    const answered = this.answerability.holds(search_query, passages);
    const context = answered ? passages.map(passageText) : [];
    const [{ answer, citations }, { follow_up, urgency }] = await Promise.all([
      answered
        ? this.answer.call({ context, question: search_query })
        : { answer: refusal, citations: [] as number[] },
      this.triage.call({ question: search_query, entries: context }),
    ]);
    const cited = answered && citations.length === 0 ? [1] : citations;
    return {
      answer,
      answered,
      citations: cited.map((place) => {
        const { id, text, source } = passages[place - 1]!;
        return { id, text, source };
      }),
      follow_up,
      urgency,
      search_query,
      passages,
    };
  }
}
