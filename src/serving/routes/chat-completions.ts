import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { meterUsage, type UsageTotals } from "../../lm/index.ts";
import { plain } from "../../tracking/plain.ts";
import { answerText, conversationInputs } from "../conversation.ts";
import { failureBody, RequestFailure } from "../failure.ts";
import { jsonObject } from "../gatekeeper.ts";
import { readInputs } from "../read-inputs.ts";
import { report, type Service, type ServiceContext, type ServiceEnv, work } from "../service.ts";

type Outputs = Readonly<Record<string, unknown>>;

/** The routes of OpenAI's protocol that chat clients use. A program has one name and takes no parameters of a model. */
export function chatCompletions(app: Hono<ServiceEnv>, service: Service): void {
  const { program, conversation, name } = service;
  const created = Math.floor(Date.now() / 1000);
  const model = { id: name, object: "model", created, owned_by: "lmframe" };
  app.get("/v1/models", (context) => context.json({ object: "list", data: [model] }));
  app.get("/v1/models/:name", (context) => {
    const asked = context.req.param("name");
    if (asked !== name) throw new RequestFailure(404, `there is no model "${asked}"; expected "${name}"`);
    return context.json(model);
  });
  app.post("/v1/chat/completions", async (context) => {
    const body = await jsonObject(context);
    if (!conversation) {
      const taken = program.signature.inputs.map((input) => input.name).join(", ");
      throw new RequestFailure(400, `the program cannot be talked to: it takes ${taken}. POST /invocations`);
    }
    const inputs = readInputs(program, conversationInputs(conversation, body.messages));
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: name };
    if (body.stream === true) {
      const asked =
        (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true;
      return streamed(context, service, inputs, head, asked);
    }
    const { value, usage } = await work(context, service, () =>
      meterUsage(() => program.call(inputs as never) as Promise<Outputs>),
    );
    const content = answerText(value[conversation.answer]);
    return context.json({
      ...head,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content, refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: openaiUsage(usage),
      lmframe: { outputs: declared(service, value) },
    });
  });
}

/**
 * The answer in pieces. Where it was begun anew, or ends otherwise than it began, clients cannot take back what they
 * have shown: the whole answer follows after an empty line.
 */
function streamed(
  context: ServiceContext,
  service: Service,
  inputs: object,
  head: object,
  withUsage: boolean,
): Response {
  const { program, conversation, stream } = service;
  const field = conversation!.answer;
  return streamSSE(context, async (events) => {
    const send = (data: object) =>
      events.writeSSE({ data: JSON.stringify({ ...head, object: "chat.completion.chunk", ...data }) });
    const piece = (delta: object, finish_reason: string | null = null, more: object = {}) =>
      send({ choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...more });
    try {
      let shown = "";
      let source: string | undefined;
      const { value, usage } = await work(context, service, (signal) =>
        meterUsage(async () => {
          await piece({ role: "assistant", content: "" });
          if (!stream) return program.call(inputs) as Promise<Outputs>;
          const deltas = program.stream(inputs, { signal });
          for (;;) {
            const step = await deltas.next();
            if (step.done) return step.value as Outputs;
            const { predictor, request, delta } = step.value;
            if (step.value.field !== field) continue;
            source ??= `${predictor} ${request}`;
            if (source !== `${predictor} ${request}`) continue;
            shown += delta;
            await piece({ content: delta });
          }
        }),
      );
      const answer = answerText(value[field]);
      const rest = answer.startsWith(shown) ? answer.slice(shown.length) : `\n\n${answer}`;
      if (rest !== "") await piece({ content: rest });
      await piece({}, "stop", { lmframe: { outputs: declared(service, value) } });
      if (withUsage) await send({ choices: [], usage: openaiUsage(usage) });
    } catch (error) {
      // The status is sent already: what went wrong comes as the last piece.
      const failure = report(context, service, error);
      await events.writeSSE({ data: JSON.stringify(failureBody(failure, true, context.var.requestId)) });
    }
    await events.writeSSE({ data: "[DONE]" });
  });
}

/** The outputs that the signature names, as JSON can hold them. */
export function declared({ program }: Service, outputs: Outputs): Record<string, unknown> {
  return Object.fromEntries(
    program.signature.outputs.map(({ name }) => [name, plain(outputs[name]) ?? null]),
  );
}

function openaiUsage({ usage }: UsageTotals): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
