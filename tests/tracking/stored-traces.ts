import { expect } from "vitest";
import type { RealMlflow } from "./real-mlflow.ts";

/** A trace as the server lists it. */
export interface StoredTrace {
  trace_id: string;
  state: string;
  /** The inputs as JSON. */
  request_preview: string;
  trace_metadata: Record<string, string>;
}

/** A span as the server has it. */
export interface StoredSpan {
  name: string;
  span_id: string;
  parent_span_id: string | null;
  status: { code: string; message?: string };
  attributes: Record<string, unknown>;
}

/** A judgement as the server has it. */
export interface StoredAssessment {
  assessment_name: string;
  source: { source_type: string; source_id?: string };
  feedback?: { value: unknown };
  expectation?: { value: unknown };
  rationale?: string;
}

/** The traces of the experiment as the server has them, oldest first. */
export async function tracesOf({ client, experiment, uri }: RealMlflow): Promise<StoredTrace[]> {
  const experiment_id = (await client.findExperiment(experiment))!;
  const traces: StoredTrace[] = [];
  let page_token: string | undefined;
  do {
    const response = await fetch(`${uri}/api/3.0/mlflow/traces/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id } }],
        max_results: 500,
        ...(page_token ? { page_token } : {}),
      }),
    });
    expect(response.status).toBe(200);
    const found = (await response.json()) as { traces?: Partial<StoredTrace>[]; next_page_token?: string };
    // Metadata are left out where there are none.
    for (const trace of found.traces ?? []) traces.push({ trace_metadata: {}, ...trace } as StoredTrace);
    page_token = found.next_page_token;
  } while (page_token);
  return traces.reverse();
}

/** The spans of a trace. */
export async function spansOf({ uri }: RealMlflow, traceId: string): Promise<StoredSpan[]> {
  const response = await fetch(`${uri}/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${traceId}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { spans: StoredSpan[] }).spans;
}

/** The judgements on a trace. */
export async function assessmentsOf({ uri }: RealMlflow, traceId: string): Promise<StoredAssessment[]> {
  const response = await fetch(`${uri}/api/3.0/mlflow/traces/${traceId}`);
  expect(response.status).toBe(200);
  const { trace } = (await response.json()) as {
    trace: { trace_info: { assessments?: StoredAssessment[] } };
  };
  return trace.trace_info.assessments ?? [];
}
