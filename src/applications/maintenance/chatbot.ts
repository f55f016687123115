import {
  CitedAnswer,
  Module,
  type Passage,
  Predict,
  Retrieve,
  type RetrieveOptions,
  type Retriever,
  type Source,
} from "../../modules/index.ts";
import { Answerability, contentWords, wordShare } from "../../retrieval/index.ts";
import { type History, signature } from "../../signature/index.ts";
import { entryText } from "./logbook.ts";
import { expandShorthand } from "./shorthand.ts";

/** How {@link MaintenanceChatbot} works. */
export interface MaintenanceChatbotOptions extends RetrieveOptions {
  /**
   * `quoted`: the answer is what the best entry says was done, written out, and the model decides on the urgency only.
   * `written`: the model answers from the entries; for models that can be trusted to. Default `quoted`.
   */
  answers?: "quoted" | "written" | undefined;
  /**
   * `asked`: the question is searched for as it is, made whole first where it goes on with a conversation. `written`: the
   * model writes what to search for, which an optimizer can then improve. Default `asked`.
   */
  queries?: "asked" | "written" | undefined;
  /** What tells whether the entries hold the answer. Default: fitted with the sentence embedder. */
  answerability?: Answerability | undefined;
}

/** A logbook entry that an answer rests on. */
export interface Citation {
  id: string;
  /** The entry as it stands in the logbook. */
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
const urgency = signature(
  {
    inputs: { question: "str" },
    outputs: {
      urgency: {
        type: "Literal['routine', 'soon', 'before flight']",
        description: "when it must be seen to; before flight where the aircraft may be unsafe",
      },
    },
  },
  "A mechanic asks about an aircraft. Say when what it is about must be seen to.",
);
/** Without examples a small model calls everything routine. */
const urgencies = [
  { question: "The brake pedal goes to the floor.", urgency: "before flight" },
  { question: "A seat cover has a stain.", urgency: "routine" },
  { question: "The strut was a little low at the last two inspections.", urgency: "soon" },
  { question: "Fuel drips from the wing while parked.", urgency: "before flight" },
  { question: "When was the cabin last cleaned?", urgency: "routine" },
  { question: "The belt squeaks more each week.", urgency: "soon" },
];
const followUp = signature(
  "question, answer -> follow_up",
  "Say in one short sentence what the mechanic should do next.",
);

const refusal = "The logbook entries that you may see do not answer this.";
const afterRefusal = "Look in the maintenance manual, or ask the engineer in charge.";

/**
 * Answers a mechanic's questions from a logbook, citing its entries: `question, history -> answer, citations,
 * follow_up, urgency`. Where the entries do not hold the answer it says so, before any model is asked for one. It
 * searches on behalf of the principal of the call:
 *
 * ```ts
 * const chatbot = new MaintenanceChatbot(index);
 * await chatbot.call({ question: "Why did the rudder bind?" }, { principal: { id: "ann", groups: ["line"] } });
 * ```
 *
 * A citation is always an entry that was found for the question. A written answer without one cites the entry that
 * holds most of its words, where that is half of them.
 */
export class MaintenanceChatbot extends Module {
  static override signature = signature(
    "question, history: Optional[History] -> answer, answered: bool, citations: list[dict[str, Any]], follow_up, " +
      "urgency: Literal['routine', 'soon', 'before flight']",
  );
  readonly standalone = new Predict(standalone);
  readonly retrieve: Retrieve;
  readonly urgency = new Predict(urgency, { demos: urgencies });
  /** Of written answers. */
  readonly answer: CitedAnswer | undefined;
  readonly followUp: Predict<typeof followUp> | undefined;
  readonly answerability: Answerability;
  readonly queries: "asked" | "written";

  constructor(retriever: Retriever, options: MaintenanceChatbotOptions = {}) {
    super();
    const { answers = "quoted", queries = "asked", answerability = new Answerability(), ...search } = options;
    this.retrieve = new Retrieve(retriever, search);
    this.answer = answers === "written" ? new CitedAnswer() : undefined;
    this.followUp = answers === "written" ? new Predict(followUp) : undefined;
    this.answerability = answerability;
    this.queries = queries;
  }

  async forward({
    question,
    history,
  }: {
    question: string;
    history?: History | null | undefined;
  }): Promise<MaintenanceAnswer> {
    const search_query = await this.searchQuery(question, history);
    const { passages } = await this.retrieve.call({ query: search_query });
    const answered = this.answerability.holds(search_query, passages);
    const [said, { urgency }] = await Promise.all([
      answered ? this.answerFrom(passages, search_query) : refused,
      this.urgency.call({ question: search_query }),
    ]);
    const citations = said.cited.map(({ id, source, ...entry }) => ({ id, text: entryText(entry), source }));
    return {
      answer: said.answer,
      answered,
      citations,
      follow_up: said.followUp,
      urgency,
      search_query,
      passages,
    };
  }

  private async searchQuery(question: string, given: History | null | undefined): Promise<string> {
    const history = given ?? { messages: [] };
    if (this.queries === "asked" && history.messages.length === 0) return question;
    const { search_query } = await this.standalone.call({ question, history });
    return search_query.trim() || question;
  }

  private async answerFrom(passages: readonly Passage[], question: string): Promise<Said> {
    if (!this.answer || !this.followUp) return quote(passages[0]!);
    const context = passages.map(entryText);
    const { answer, citations } = await this.answer.call({ context, question });
    const { follow_up } = await this.followUp.call({ question, answer });
    const cited = citations.length > 0 ? citations : attribute(answer, context);
    return { answer, cited: cited.map((place) => passages[place - 1]!), followUp: follow_up };
  }
}

interface Said {
  answer: string;
  cited: readonly Passage[];
  followUp: string;
}

const refused: Said = { answer: refusal, cited: [], followUp: afterRefusal };

/** What the entry says was done, as a sentence; the whole of a passage that is no entry of a logbook. */
function quote(entry: Passage): Said {
  const { action } = entry.fields;
  const done = typeof action === "string" ? expandShorthand(action) : entry.text;
  return {
    answer: `${done.charAt(0).toUpperCase()}${done.slice(1)}`,
    cited: [entry],
    followUp: `Compare with entry ${entry.id} before you do the same.`,
  };
}

/** The place, from 1, of the entry that holds most of the answer's words, where that is half of them. */
function attribute(answer: string, context: readonly string[]): number[] {
  const words = contentWords(answer);
  const shares = context.map((entry) => wordShare(words, `${entry} ${expandShorthand(entry)}`));
  const best = Math.max(...shares);
  return best >= 0.5 ? [shares.indexOf(best) + 1] : [];
}
