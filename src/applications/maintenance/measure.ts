import { DataError, mapOrdered, nearest, type Span, startProgress } from "../../core/index.ts";
import { Dataset, type TableLike } from "../../data/index.ts";
import { type Comparison, evaluate, type Evaluation, mean, quantile } from "../../evaluate/index.ts";
import {
  type AbstentionFigures,
  abstentionFigures,
  abstains,
  citationScores,
  f1Score,
  type Metric,
  ndcg,
  rankedHit,
  rankedRecall,
  reciprocalRank,
  tokenF1,
} from "../../metrics/index.ts";
import { Module, type Principal, Retrieve, type Retriever, type SearchMode } from "../../modules/index.ts";
import { Answerability } from "../../retrieval/index.ts";
import { signature } from "../../signature/index.ts";
import type { MaintenanceAnswer, MaintenanceChatbot } from "./chatbot.ts";
import { entryText } from "./logbook.ts";

/** A question about a logbook, as the tables that measure the chatbot hold it. */
export interface LogbookQuestion {
  question: string;
  /** Ids of the entries that answer it, apart by `;`; null where none does. */
  relevant: string | null;
  /** A reference answer; null where there is none. */
  answer: string | null;
  answerable: boolean;
  /** A kind of question to measure apart: whether it shares words with its entries. The column may be missing. */
  overlap: string | null;
}

/** How well a search finds the entries that answer, on one kind of question. */
export interface RetrievalMeasure {
  mode: SearchMode;
  /** The kind of question; `all` for all of them. */
  overlap: string;
  questions: number;
  recall: number;
  hitRate: number;
  mrr: number;
  ndcg: number;
}

/**
 * The table as questions, which `evaluate` with {@link answersFromLogbook} takes. Throws DataError for one that lacks a
 * column, with the nearest that is there; `overlap` may be missing.
 */
export function logbookQuestions(table: TableLike): Dataset<LogbookQuestion> {
  const data = Dataset.from(table);
  for (const name of ["question", "relevant", "answer", "answerable"]) {
    if (data.columns.includes(name)) continue;
    const near = nearest(name, data.columns);
    throw new DataError(
      `is needed and not there${near === undefined ? "" : `; is it "${near}"? Rename it: rows.rename({ ${near}: "${name}" })`}`,
      { file: data.source, column: name },
    );
  }
  const kinds = data.columns.includes("overlap") ? {} : { overlap: () => null };
  return data.derive(kinds) as unknown as Dataset<LogbookQuestion>;
}

const modes: readonly SearchMode[] = ["vector", "text", "hybrid"];

/** Recall, hit rate, MRR and nDCG at `k` of each mode of search, over all questions that can be answered and each kind. */
export async function measureRetrieval(
  index: Retriever,
  questions: TableLike,
  { k = 10, principal }: { k?: number; principal: Principal },
): Promise<Dataset<RetrievalMeasure>> {
  const asked = [...logbookQuestions(questions)].filter(({ answerable }) => answerable);
  const progress = startProgress("measure retrieval", asked.length * modes.length);
  const measures: RetrievalMeasure[] = [];
  for (const mode of modes) {
    const search = async ({ question, relevant, overlap }: LogbookQuestion) => {
      const found = (await index.search(question, { k, mode, principal })).map(({ id }) => id);
      return { overlap, found, relevant };
    };
    const results: Awaited<ReturnType<typeof search>>[] = [];
    for await (const result of mapOrdered(asked, search, { concurrency: 4 })) {
      results.push(result);
      progress.advance(1);
    }
    const kinds = [...new Set(results.map(({ overlap }) => overlap))].filter((kind) => kind !== null).sort();
    for (const kind of ["all", ...kinds]) {
      const some = results.filter(({ overlap }) => kind === "all" || overlap === kind);
      const average = (of: typeof ndcg) => mean(some.map(({ found, relevant }) => of(found, relevant, k)));
      measures.push({
        mode,
        overlap: kind,
        questions: some.length,
        recall: average(rankedRecall),
        hitRate: average(rankedHit),
        mrr: average(reciprocalRank),
        ndcg: average(ndcg),
      });
    }
  }
  progress.end();
  return Dataset.from(measures);
}

/** Learns from questions whether what is found for one holds its answer; see {@link Answerability.fit}. */
export async function fitAnswerability(
  index: Retriever,
  questions: TableLike,
  { k = 5, principal, answered }: { k?: number; principal: Principal; answered?: number },
): Promise<Answerability> {
  const search = async ({ question, answerable }: LogbookQuestion) => {
    return { question, answerable, passages: await index.search(question, { k, principal }) };
  };
  const examples: Awaited<ReturnType<typeof search>>[] = [];
  for await (const example of mapOrdered(logbookQuestions(questions), search, { concurrency: 4 }))
    examples.push(example);
  return Answerability.fit(examples, answered === undefined ? {} : { answered });
}

/**
 * The chatbot's answer as a whole, for an optimizer: half is the share of the relevant entries that were found, half F1 of
 * the answer's words against the reference. A question that cannot be answered scores 1 for a refusal, else 0. The
 * feedback says which part failed.
 */
export const answersFromLogbook: Metric<LogbookQuestion, MaintenanceAnswer> = Object.assign(
  ((row, outputs) => {
    const { answered } = outputs;
    if (!row.answerable) {
      const feedback = answered ? "answered, but no entry holds the answer" : "rightly refused";
      return { score: answered ? 0 : 1, feedback };
    }
    const { found, said } = partsOf(row, outputs);
    return {
      score: (found + said) / 2,
      feedback:
        `searched for "${outputs.search_query}" and found ${found.toFixed(2)} of the entries that answer; ` +
        (answered
          ? `the answer shares ${said.toFixed(2)} of its words with the expected one: "${row.answer ?? ""}"`
          : `refused, though the answer is: "${row.answer ?? ""}"`),
    };
  }) satisfies Metric<LogbookQuestion, MaintenanceAnswer>,
  { label: "answer and entries" },
);

/** Share of the relevant entries that were found, and F1 of the answer's words; of a question that can be answered. */
function partsOf(row: LogbookQuestion, { answered, answer, passages }: MaintenanceAnswer) {
  const ids = passages.map(({ id }) => id);
  return {
    found: rankedRecall(ids, row.relevant ?? "", Math.max(ids.length, 1)),
    said: answered ? f1Score(answer, row.answer ?? "") : 0,
  };
}

/** What the parts of {@link answersFromLogbook} come to, each from 0 to 1; NaN where no row tells. */
export interface WholeMeasure {
  /** The mean of the metric, over all questions. */
  whole: number;
  /** Mean share of the relevant entries that were found, over the questions that can be answered. */
  found: number;
  /** Mean F1 of the answer's words against the reference, over the same; a refusal counts 0. */
  said: number;
  /** Share that was refused, of the questions that cannot be answered. */
  refused: number;
}

/**
 * Takes an evaluation by {@link answersFromLogbook} apart: whether it is the search or the answer that a change helped. A
 * reply that could not be read counts 0 in every part, as in the whole; outages are left out.
 */
export function measureWhole(evaluation: Evaluation): WholeMeasure {
  const rows = [...evaluation.rows].filter(({ status }) => status !== "outage");
  const parts = rows.map(({ row, outputs }) => {
    const question = row as unknown as LogbookQuestion;
    const given = outputs as unknown as MaintenanceAnswer | undefined;
    const refused = given !== undefined && !given.answered ? 1 : 0;
    return {
      answerable: question.answerable,
      refused,
      ...(given ? partsOf(question, given) : { found: 0, said: 0 }),
    };
  });
  const can = parts.filter(({ answerable }) => answerable);
  return {
    whole: evaluation.score,
    found: mean(can.map(({ found }) => found)),
    said: mean(can.map(({ said }) => said)),
    refused: mean(parts.filter(({ answerable }) => !answerable).map(({ refused }) => refused)),
  };
}

/** How long a part of an answer took, in seconds. */
export interface StageLatency {
  /** `search`, the path of a predictor, or `whole`. */
  stage: string;
  median: number;
  p90: number;
}

/** What the chatbot is worth on questions it was not tuned on. */
export interface ChatbotMeasures {
  /** On the questions that can be answered: F1 of the answer's words against the reference; a refusal scores 0. */
  answers: Evaluation;
  /** The same questions, answered by the entry found first, as it stands. */
  topEntry: Evaluation;
  /** The chatbot against the entry found first, question by question. */
  comparison: Comparison;
  /** On the questions that cannot be answered: 1 for a refusal. */
  refusals: Evaluation;
  abstention: AbstentionFigures;
  citations: {
    /** Mean share of an answer's citations that are relevant, over the questions that were answered. */
    precision: number;
    /** Mean share of the relevant entries that are cited. */
    recall: number;
    /** Citations of entries that were not found for the question. */
    invented: number;
  };
  latency: StageLatency[];
}

/** Answers with the entry found first: what the chatbot has to be better than. */
export class TopEntry extends Module {
  static override signature = signature("question -> answer");
  readonly retrieve: Retrieve;

  constructor(retriever: Retriever) {
    super();
    this.retrieve = new Retrieve(retriever, { k: 1 });
  }

  async forward({ question }: { question: string }): Promise<{ answer: string }> {
    const { passages } = await this.retrieve.call({ query: question });
    return { answer: passages[0] ? entryText(passages[0]) : "" };
  }
}

/** Measures answers, refusals, citations and time on behalf of `principal`. */
export async function measureChatbot(
  chatbot: MaintenanceChatbot,
  questions: TableLike,
  { principal, concurrency }: { principal: Principal; concurrency?: number },
): Promise<ChatbotMeasures> {
  const all = logbookQuestions(questions);
  const answerable = all.filter(({ answerable }) => answerable);
  const settings = { principal, ...(concurrency !== undefined && { concurrency }) };
  const f1 = tokenF1("answer") as Metric<LogbookQuestion, MaintenanceAnswer>;
  const searches: number[] = [];
  const timed: Metric<LogbookQuestion, MaintenanceAnswer> = Object.assign(
    ((row, outputs, context) => {
      searches.push(secondsOf(context.trace.filter(({ kind }) => kind === "retriever")));
      return outputs.answered ? f1(row, outputs, context) : { score: 0, feedback: "refused" };
    }) satisfies Metric<LogbookQuestion, MaintenanceAnswer>,
    { label: "F1 of answer" },
  );
  const answers = await evaluate(chatbot, answerable, timed, { name: "chatbot", ...settings });
  const topEntry = await evaluate(
    new TopEntry(chatbot.retrieve.retriever),
    answerable,
    tokenF1("answer") as Metric<LogbookQuestion, { answer: string }>,
    { name: "entry found first", ...settings },
  );
  const others = all.filter(({ answerable }) => !answerable);
  const refusals = await evaluate(chatbot, others, abstains() as Metric<LogbookQuestion, MaintenanceAnswer>, {
    name: "refuses",
    ...settings,
  });
  const given = [...answers.rows, ...refusals.rows].flatMap(({ row, outputs }) =>
    outputs
      ? [{ row: row as unknown as LogbookQuestion, outputs: outputs as unknown as MaintenanceAnswer }]
      : [],
  );
  const cited = given.flatMap(({ row, outputs: { answered, citations, passages } }) => {
    const ids = citations.map(({ id }) => id);
    const found = new Set(passages.map(({ id }) => id));
    const invented = ids.filter((id) => !found.has(id)).length;
    return answered ? [{ invented, ...citationScores(ids, row.relevant ?? "") }] : [];
  });
  return {
    answers,
    topEntry,
    comparison: answers.compare(topEntry),
    refusals,
    abstention: abstentionFigures(
      given.map(({ row, outputs }) => ({ answerable: row.answerable, answered: outputs.answered })),
    ),
    citations: {
      precision: mean(cited.map(({ precision }) => precision)),
      recall: mean(cited.map(({ recall }) => recall)),
      invented: cited.reduce((sum, { invented }) => sum + invented, 0),
    },
    latency: latencyOf(answers, searches),
  };
}

/** Of spans that may lie within each other: the outermost count. */
function secondsOf(spans: readonly Span[]): number {
  const outer = spans.filter(({ parent }) => !parent || !spans.includes(parent));
  return outer.reduce((sum, { startedAt, endedAt }) => sum + ((endedAt ?? startedAt) - startedAt) / 1000, 0);
}

function latencyOf(answers: Evaluation, searches: readonly number[]): StageLatency[] {
  const stages = new Map<string, number[]>([["search", [...searches]]]);
  const add = (stage: string, seconds: number) => {
    const taken = stages.get(stage);
    if (taken) taken.push(seconds);
    else stages.set(stage, [seconds]);
  };
  for (const { trace, seconds } of answers.rows) {
    for (const call of trace) add(call.predictor, call.seconds);
    add("whole", seconds);
  }
  return [...stages].map(([stage, unsorted]) => {
    const taken = unsorted.sort((a, b) => a - b);
    return { stage, median: quantile(taken, 0.5), p90: quantile(taken, 0.9) };
  });
}
