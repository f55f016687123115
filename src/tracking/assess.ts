import { ConfigurationError, redactor } from "../core/index.ts";
import { traceOfAnswer } from "./otlp-span.ts";
import { connectServer } from "./server.ts";
import { flushTracing } from "./traces.ts";

/** A judgement of an answer. */
export interface Assessment {
  /** What is judged: `helpful`, `correct`. */
  name: string;
  value: number | boolean | string;
  /** Why. */
  rationale?: string | undefined;
  /** Who judged: a person, a metric in code, or a model as a judge. Each by a name that may be logged. */
  by: { readonly person: string } | { readonly metric: string } | { readonly judge: string };
  /** True for what the answer should have been, in place of a judgement of what it was. */
  expectation?: boolean | undefined;
}

/** The trace of the call that gave an answer; undefined where it was not traced, or left out as a sample. */
export function traceOf(answer: object): string | undefined {
  return traceOfAnswer(answer);
}

/**
 * Puts a judgement on the trace of an answer, where MLflow shows it and averages it.
 *
 * @param of - what the call of a program gave (the very object), or the id of its trace.
 * @throws ConfigurationError where the call was not traced; TrackingError where the server is away: unlike traces, a
 * judgement does not wait on disk.
 */
export async function assess(of: object | string, assessment: Assessment): Promise<void> {
  const id = typeof of === "string" ? of : traceOf(of);
  if (id === undefined) {
    throw new ConfigurationError(
      "this answer has no trace to put a judgement on: call startTracing() before the program, and give the object the call gave",
    );
  }
  await flushTracing();
  await post(id, assessment);
}

/** An evaluation, as far as its rows go. */
interface ScoredRows {
  readonly subject: { readonly metric: string };
  readonly rows: Iterable<{
    readonly outputs: object | undefined;
    readonly score: number;
    readonly feedback: string | undefined;
  }>;
}

/**
 * Puts the score and feedback of each row of an evaluation on the row's trace.
 *
 * @returns on how many traces. Rows that were not traced, gave no answer or are beyond the 10,000 held in memory have none.
 */
export async function assessEvaluation(evaluation: ScoredRows): Promise<number> {
  await flushTracing();
  const { metric } = evaluation.subject;
  let count = 0;
  for (const { outputs, score, feedback } of evaluation.rows) {
    const id = outputs && traceOf(outputs);
    if (id === undefined || Number.isNaN(score)) continue;
    await post(id, { name: metric, value: score, rationale: feedback, by: { metric } });
    count++;
  }
  return count;
}

async function post(id: string, { name, value, rationale, by, expectation }: Assessment): Promise<void> {
  const { client } = await connectServer();
  const now = new Date().toISOString();
  const [type, source] =
    "person" in by ? ["HUMAN", by.person] : "judge" in by ? ["LLM_JUDGE", by.judge] : ["CODE", by.metric];
  await client.rest.json({
    doing: `judge the trace ${id}`,
    method: "post",
    path: `api/3.0/mlflow/traces/${encodeURIComponent(id)}/assessments`,
    json: {
      assessment: redactor().value({
        assessment_name: name,
        trace_id: id,
        source: { source_type: type, source_id: source },
        create_time: now,
        last_update_time: now,
        ...(rationale !== undefined && { rationale }),
        [expectation ? "expectation" : "feedback"]: { value },
      }),
    },
    idempotent: false,
  });
}
