import {
  backtest,
  fitAnswerability,
  logbookDocuments,
  MaintenanceChatbot,
  maintenanceReport,
  measureChatbot,
  measureRetrieval,
  recurringFaults,
} from "../applications/index.ts";
import { TrackingError } from "../core/index.ts";
import { Dataset } from "../data/index.ts";
import { Index } from "../retrieval/index.ts";
import { mlflow } from "../tracking/index.ts";
import { note, say } from "./output.ts";

/** The second half of the demo: a chatbot over a logbook, measured and reported. A model is connected already. */
export async function maintenanceDemo(
  logbookFile: string,
  questionsFile: string,
  path: string,
): Promise<void> {
  const logbook = await Dataset.read(logbookFile);
  const questions = await Dataset.read(questionsFile);
  const principal = { id: "demo", groups: ["mechanics"] };
  const index = await Index.ensure("demo-logbook");
  await index.sync(logbookDocuments(logbook, { id: "id" }), { groups: principal.groups });
  const retrieval = await measureRetrieval(index, questions, { principal });
  const tune = questions.filter(({ split }) => split === "tune");
  const test = questions.filter(({ split }) => split === "test");
  const answerability = await fitAnswerability(index, tune, { principal });
  const measures = await measureChatbot(new MaintenanceChatbot(index, { answerability }), test, {
    principal,
  });
  const { comparison, abstention, citations } = measures;
  const tracking = await mlflow.log(measures.answers).catch((error: unknown) => {
    if (!(error instanceof TrackingError)) throw error;
    note(error.message);
    return undefined;
  });
  const report = maintenanceReport({
    measures,
    retrieval,
    faults: recurringFaults(logbook),
    outlook: backtest(logbook, { asOf: halfYearBefore(logbook) }),
    tracking,
  });
  await report.save(path);
  say(`answers  ${comparison.verdict} (before: the entry found first)`);
  say(
    `refusals ${abstention.answeredRight} of ${abstention.answeredRight + abstention.refusedWrong} answerable questions ` +
      `answered, ${abstention.refusedRight} of ${abstention.refusedRight + abstention.answeredWrong} others refused, ` +
      `${citations.invented} citations invented`,
  );
  if (tracking) say(`MLflow   ${tracking.url ?? "waits on disk; `lmframe sync` sends it"}`);
  say(`report   ${path}`);
}

function halfYearBefore(logbook: Dataset): Date {
  const last = Math.max(...logbook.column("date").map((date) => Date.parse(String(date))));
  return new Date(last - 182 * 86_400_000);
}
