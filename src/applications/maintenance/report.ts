import type { Dataset } from "../../data/index.ts";
import type { Evaluation, RowResult } from "../../evaluate/index.ts";
import type { Demo } from "../../adapters/index.ts";
import type { Optimization } from "../../optimizers/index.ts";
import {
  barChart,
  charts,
  colours,
  duration,
  html,
  type Html,
  list,
  report,
  type Report,
  score,
  type Section,
  table,
} from "../../reports/index.ts";
import type { MaintenanceAnswer, MaintenanceChatbot } from "./chatbot.ts";
import { entryText } from "./logbook.ts";
import {
  type ChatbotMeasures,
  type LogbookQuestion,
  measureWhole,
  type RetrievalMeasure,
} from "./measure.ts";
import type { Backtest, RecurringFault } from "./recurring-faults.ts";

/** What the maintenance report tells of. */
export interface MaintenanceReportSubject {
  title?: string | undefined;
  /** See `measureChatbot`. */
  measures: ChatbotMeasures;
  /** See `measureRetrieval`. */
  retrieval: Dataset<RetrievalMeasure>;
  /** See `recurringFaults`. */
  faults: Dataset<RecurringFault>;
  /** See `backtest`. */
  outlook?: Backtest | undefined;
  /** The chatbot optimised as a whole, all on the same unseen questions by `answersFromLogbook`. */
  optimized?: OptimizedChatbot | undefined;
  /** Where the run is kept; only an http(s) address becomes a link. */
  tracking?: { readonly url: string | undefined } | undefined;
  /** Settings worth knowing, shown as they are. */
  configuration?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** A chatbot that writes its searches, as it was and as an optimizer made it. */
export interface OptimizedChatbot {
  before: Evaluation;
  after: Evaluation;
  search: Optimization<MaintenanceChatbot>;
  /** The chatbot that searches for the question as it is asked, which a written search must beat. */
  asked?: Evaluation | undefined;
}

/** Components that are shown; the others are in the logbook. */
const mostComponents = 15;
const mostFailures = 100;

/**
 * The report of a maintenance chatbot: retrieval at k, answers against the entry found first, refusals right and wrong,
 * time by stage, the questions that failed with what was found for them, and the components that fail again and again.
 */
export function maintenanceReport(subject: MaintenanceReportSubject): Report {
  const { title = "Maintenance chatbot", measures, retrieval, faults, outlook, tracking } = subject;
  const { optimized } = subject;
  return report({
    title,
    before: measures.topEntry,
    after: measures.answers,
    sections: [
      search(retrieval),
      refusals(measures),
      stages(measures),
      ...(optimized ? [asAWhole(optimized)] : []),
      failed(measures),
      recurring(faults, outlook),
    ],
    tracking,
    configuration: {
      before: "the entry found first, as it stands",
      after: "the chatbot",
      ...subject.configuration,
    },
  });
}

const modeColours = { vector: colours.after, text: colours.before, hybrid: colours.candidate };
const kindNames: Readonly<Record<string, string>> = {
  all: "all questions",
  words: "sharing words",
  none: "sharing no word",
};

function search(retrieval: Dataset<RetrievalMeasure>): Section {
  const rows = retrieval.rows();
  const kinds = [...new Set(rows.map(({ overlap }) => overlap))];
  const modes = [...new Set(rows.map(({ mode }) => mode))];
  const of = (kind: string, mode: string) =>
    rows.find((row) => row.overlap === kind && row.mode === mode)?.recall ?? 0;
  const chart = barChart({
    title: "Recall at 10",
    unit: "recall",
    names: kinds.map((kind) => kindNames[kind] ?? kind),
    series: modes.map((mode) => ({
      name: mode,
      color: modeColours[mode],
      values: kinds.map((kind) => of(kind, mode)),
    })),
    shares: true,
    alternative: `${kinds
      .map(
        (kind) =>
          `${kindNames[kind] ?? kind}: ${modes.map((mode) => `${mode} ${score(of(kind, mode))}`).join(", ")}`,
      )
      .join("; ")}.`,
  });
  return {
    id: "retrieval",
    title: "What the search finds",
    body: html`${charts(chart)}
    ${table(
      "By mode and kind of question",
      ["mode", "questions", "recall", "hit rate", "MRR", "nDCG"],
      rows.map(
        (row) =>
          html`<tr>
            <td>${row.mode}, ${kindNames[row.overlap] ?? row.overlap}</td>
            <td>${row.questions}</td>
            <td>${score(row.recall)}</td>
            <td>${score(row.hitRate)}</td>
            <td>${score(row.mrr)}</td>
            <td>${score(row.ndcg)}</td>
          </tr>`,
      ),
    )}`,
  };
}

function refusals({ abstention, citations }: ChatbotMeasures): Section {
  const { answeredRight, refusedWrong, refusedRight, answeredWrong, answerRate, refusalRate } = abstention;
  return {
    id: "refusals",
    title: "Answered or refused",
    body: html`<p>
        Of what the logbook can answer, ${score(answerRate)} was answered; of what it cannot,
        ${score(refusalRate)} was refused. Of the citations, ${score(citations.precision)} are entries that
        answer the question; ${citations.invented} were invented.
      </p>
      ${table(
        "Questions",
        ["", "answered", "refused"],
        [
          html`<tr>
            <td>the logbook can answer</td>
            <td>${answeredRight}</td>
            <td>${refusedWrong}</td>
          </tr>`,
          html`<tr>
            <td>it cannot</td>
            <td>${answeredWrong}</td>
            <td>${refusedRight}</td>
          </tr>`,
        ],
      )}`,
  };
}

function stages({ latency }: ChatbotMeasures): Section {
  const cell = ({ stage, median, p90 }: ChatbotMeasures["latency"][number]) =>
    html`<tr>
      <td>${stage}</td>
      <td>${duration(median)}</td>
      <td>${duration(p90)}</td>
    </tr>`;
  return {
    id: "stages",
    title: "Where the time goes",
    body: table("Time of an answer by stage", ["stage", "median", "90 % within"], latency.map(cell)),
  };
}

function asAWhole({ before, after, search, asked }: OptimizedChatbot): Section {
  const rows: (readonly [string, Evaluation])[] = [
    ...(asked ? [["searches for the question as asked", asked] as const] : []),
    ["writes its search, as it was", before],
    ["writes its search, optimised", after],
  ];
  const { rollouts, calls } = search.used.task;
  const { demos, instructions } = search.program.standalone.state;
  return {
    id: "as-a-whole",
    title: "Optimised as a whole",
    body: html`<p>
        ${search.optimizer} tuned what the model is told to search for, by the entries found and the answer
        together, with ${rollouts} rollouts (${calls} calls) on questions that are not among the
        ${after.rows.length} below. ${after.compare(before).verdict}
      </p>
      ${asked && html`<p>Against the search for the question as asked: ${after.compare(asked).verdict}</p>`}
      ${table(
        "On unseen questions",
        ["", "as a whole", "entries found", "words of the answer", "rightly refused", "unreadable"],
        rows.map(([name, evaluation]) => {
          const { whole, found, said, refused } = measureWhole(evaluation);
          return html`<tr>
            <th scope="row">${name}</th>
            <td>${score(whole)}</td>
            <td>${score(found)}</td>
            <td>${score(said)}</td>
            <td>${score(refused)}</td>
            <td>${evaluation.unreadable}</td>
          </tr>`;
        }),
      )}
      <details>
        <summary>What it is told, and the ${demos.length} examples it is shown</summary>
        <p>${instructions}</p>
        ${list("Examples of searches", demos.map(searchExample))}
      </details>`,
  };
}

function searchExample({ question, search_query }: Demo): Html {
  return html`<li><b>${String(question)}</b> → ${String(search_query)}</li>`;
}

/** A question that scored below this is shown with what was found for it. */
const good = 0.5;

function failed({ answers, refusals }: ChatbotMeasures): Section {
  const poor = [...answers.rows].filter((row) => !(row.score >= good));
  const wrong = [...refusals.rows].filter((row) => row.score === 0);
  const shown = [...wrong, ...poor].slice(0, mostFailures);
  return {
    id: "failed-questions",
    title: "Questions that failed",
    body: html`<p>
        ${poor.length} answers share less than half of their words with the reference, and ${wrong.length}
        questions were answered though the logbook cannot.
      </p>
      <details>
        <summary>What was asked, answered and found</summary>
        ${list("Questions that failed", shown.map(question))}
      </details>`,
  };
}

function question({ row, outputs, score: reached }: RowResult): Html {
  const { question, answer, relevant } = row as unknown as LogbookQuestion;
  const given = outputs as unknown as MaintenanceAnswer | undefined;
  return html`<li>
    <b>${question}</b> <span>score ${score(reached)}</span>
    <dl class="values">
      <div class="long">
        <dt>answer</dt>
        <dd>${given?.answer ?? "none"}</dd>
      </div>
      <div class="long">
        <dt>expected</dt>
        <dd>${answer ?? "a refusal"}</dd>
      </div>
      <div class="long">
        <dt>found (those that answer it: ${relevant ?? "none"})</dt>
        <dd>
          ${given?.passages.map(
            (passage) => html`[${passage.id}, ${score(passage.similarity)}] ${entryText(passage)}<br />`,
          )}
        </dd>
      </div>
    </dl>
  </li>`;
}

function recurring(faults: Dataset<RecurringFault>, outlook: Backtest | undefined): Section {
  const likeliest = faults.rows().slice(0, mostComponents);
  const chart = barChart({
    title: "Likeliest to fail next",
    unit: "chance of a fault",
    names: likeliest.map(({ component }) => component),
    series: [{ name: "chance", color: colours.after, values: likeliest.map(({ chance }) => chance) }],
    shares: true,
    alternative: `${likeliest.map(({ component, chance }) => `${component} ${score(chance)}`).join(", ")}.`,
  });
  const told =
    outlook &&
    html`<p>
      Looked back from ${outlook.asOf}: of the ${outlook.faults} entries of the ${outlook.days} days that
      followed, ${score(outlook.caught)} were of the ${outlook.top} components held likeliest; as many drawn
      by chance would have caught ${score(outlook.byChance)}. Brier score ${score(outlook.brier)}, with one
      chance for all ${score(outlook.brierOfBase)}.
    </p>`;
  return {
    id: "recurring",
    title: "Recurring faults",
    body: html`${told} ${charts(chart)}
    ${table(
      "From the logbook's own counts",
      ["component", "entries", "days between", "last", "done last time", "expected"],
      likeliest.map(
        (fault) =>
          html`<tr>
            <td>${fault.component}</td>
            <td>${fault.faults}</td>
            <td>${fault.daysBetween === null ? "–" : fault.daysBetween.toFixed(0)}</td>
            <td>${fault.last}</td>
            <td>${fault.lastAction ?? "–"}</td>
            <td>${fault.expected.toFixed(1)}</td>
          </tr>`,
      ),
    )}`,
  };
}
