import { onUse } from "../core/index.ts";
import { signature } from "../signature/index.ts";
import { CitedAnswer } from "./cited-answer.ts";
import { Module } from "./module.ts";
import { Predict } from "./predict.ts";
import { passageText, Retrieve, type RetrieveOptions } from "./retrieve.ts";
import type { Passage, Retriever } from "./retriever.ts";

/** How {@link AdaptiveRAG} works. */
export interface AdaptiveRAGOptions extends RetrieveOptions {
  /** Searches a `multi_hop` question may take. Default 3. */
  hops?: number | undefined;
  /** False: no step reasons before it answers. Default true. */
  reasoning?: boolean | undefined;
}

/** What {@link AdaptiveRAG} gives. */
export interface AdaptiveAnswer {
  answer: string;
  /** The passages the answer rests on, by their places in `passages`, from 1. */
  citations: number[];
  search_strategy: "simple" | "refined" | "multi_hop";
  /** What was searched for last. */
  refined_query: string;
  /** The passages as the model read them, in the order in which they were found. */
  contexts: string[];
  passages: Passage[];
}

const assess = onUse(() =>
  signature(
    "question, background: Optional[str] -> search_strategy: Literal['simple', 'refined', 'multi_hop']",
    "Say how to search for what answers the question. simple: the question names what it is about, and one search " +
      "with its own words will do. refined: it is vague or puts things in other words than documents would. " +
      "multi_hop: its answer takes several facts, of which one must be known to find the next.",
  ),
);
const refine = onUse(() =>
  signature(
    "question, background: Optional[str], contexts: list[str] -> complete: bool, refined_query",
    "Say whether the contexts hold all that the question asks for. Write the query that finds what is still missing, " +
      "in the words that documents would use.",
  ),
);
const whole = onUse(() =>
  signature(
    "question, background: Optional[str] -> answer, citations: list[int], " +
      "search_strategy: Literal['simple', 'refined', 'multi_hop'], refined_query, contexts: list[str]",
  ),
);

/**
 * Retrieval that is as deep as the question needs, in the manner of Adaptive-RAG (Jeong et al. 2024,
 * https://arxiv.org/abs/2403.14403): a simple question is searched for as it stands, a vague one by a refined query,
 * one that takes several facts by several searches, each of which knows what those before it found.
 */
export class AdaptiveRAG extends Module {
  static override get signature() {
    return whole();
  }

  readonly assess = new Predict(assess());
  readonly refine = new Predict(refine());
  readonly retrieve: Retrieve;
  readonly answer: CitedAnswer;
  readonly hops: number;

  constructor(retriever: Retriever, { hops = 3, reasoning = true, ...search }: AdaptiveRAGOptions = {}) {
    super();
    this.retrieve = new Retrieve(retriever, search);
    this.answer = new CitedAnswer({ reasoning });
    this.hops = hops;
  }

  async forward({
    question,
    background = null,
  }: {
    question: string;
    background?: string | null | undefined;
  }): Promise<AdaptiveAnswer> {
    const { search_strategy } = await this.assess.call({ question, background });
    const hops = search_strategy === "multi_hop" ? this.hops : 1;
    const found = new Map<string, Passage>();
    let query = question;
    for (let hop = 0; hop < hops; hop++) {
      if (search_strategy === "refined" || hop > 0) {
        const contexts = [...found.values()].map(passageText);
        const { complete, refined_query } = await this.refine.call({ question, background, contexts });
        if (complete && found.size > 0) break;
        query = refined_query.trim() || question;
      }
      const { passages } = await this.retrieve.call({ query });
      // Found twice is found once: its first place stands. Documents of different groups may share an id.
      for (const passage of passages) {
        const key = JSON.stringify([passage.id, passage.text]);
        if (!found.has(key)) found.set(key, passage);
      }
    }
    const passages = [...found.values()];
    const contexts = passages.map(passageText);
    const { answer, citations } = await this.answer.call({ context: contexts, question });
    return { answer, citations, search_strategy, refined_query: query, contexts, passages };
  }
}
