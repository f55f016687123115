import { isUnreadable, onUse } from "../core/index.ts";
import { type History, signature } from "../signature/index.ts";
import { ChainOfThought } from "./chain-of-thought.ts";
import { CitedAnswer } from "./cited-answer.ts";
import { Module } from "./module.ts";
import { Predict } from "./predict.ts";
import { passageText, Retrieve, type RetrieveOptions } from "./retrieve.ts";
import type { Passage, Retriever } from "./retriever.ts";

/** How {@link RAG} works. */
export interface RAGOptions extends RetrieveOptions {
  /** False: the question itself is searched for, and no model is asked for a query. Default true. */
  rewrite?: boolean | undefined;
  /** False: no step reasons before it answers. Default true. */
  reasoning?: boolean | undefined;
}

/** What {@link RAG} gives. */
export interface RAGAnswer {
  answer: string;
  /** The passages the answer rests on, by their places in `passages`, from 1. */
  citations: number[];
  search_query: string;
  /** The passages as the model read them. */
  retrieved_context: string[];
  /** The same passages, with their sources and scores. */
  passages: Passage[];
}

const query = onUse(() =>
  signature(
    "question, history: Optional[History] -> search_query",
    "Write a short search query, in the words that the documents would use, that finds what answers the question. " +
      "What the question leaves unsaid stands in the conversation before it.",
  ),
);
const whole = onUse(() =>
  signature(
    "question, history: Optional[History] -> answer, citations: list[int], search_query, retrieved_context: list[str]",
  ),
);

/**
 * Retrieval-augmented generation (Lewis et al. 2020, https://arxiv.org/abs/2005.11401): writes a query, searches,
 * and answers from what was found, citing it. A query that cannot be read is replaced by the question: one bad
 * step does not lose the answer. Where nothing was found the model is still asked, and told that there is nothing.
 */
export class RAG extends Module {
  static override get signature() {
    return whole();
  }

  readonly query: Predict<ReturnType<typeof query>> | ChainOfThought<ReturnType<typeof query>> | undefined;
  readonly retrieve: Retrieve;
  readonly answer: CitedAnswer;

  constructor(retriever: Retriever, options: RAGOptions = {}) {
    super();
    const { rewrite = true, reasoning = true, ...search } = options;
    this.query = rewrite ? (reasoning ? new ChainOfThought(query()) : new Predict(query())) : undefined;
    this.retrieve = new Retrieve(retriever, search);
    this.answer = new CitedAnswer({ reasoning });
  }

  async forward({
    question,
    history,
  }: {
    question: string;
    history?: History | null | undefined;
  }): Promise<RAGAnswer> {
    const search_query = await this.searchQuery(question, history ?? null);
    const { passages } = await this.retrieve.call({ query: search_query });
    const retrieved_context = passages.map(passageText);
    const { answer, citations } = await this.answer.call({ context: retrieved_context, question });
    return { answer, citations, search_query, retrieved_context, passages };
  }

  private async searchQuery(question: string, history: History | null): Promise<string> {
    if (!this.query) return question;
    try {
      const { search_query } = await this.query.call({ question, history });
      return search_query.trim() || question;
    } catch (error) {
      if (isUnreadable(error)) return question;
      throw error;
    }
  }
}
