import type { FieldType } from "../signature/index.ts";
import { jsonSchema, type JsonSchema } from "../signature/json-schema.ts";
import { traceHeader } from "./answered-traces.ts";
import { conversationForm, conversationHeader } from "./named-conversation.ts";
import { type Service, versionHeader } from "./service.ts";

type Fields = readonly { readonly name: string; readonly type: FieldType; readonly description?: string }[];

/**
 * What the server answers, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html). Anybody may read it: where tokens
 * are needed it does not say how the program is instructed.
 */
export function openApi({ program, name, version, conversation, index, tokens, improving }: Service): object {
  const { inputs, outputs, instructions } = program.signature;
  const taken = objectOf(inputs);
  const given = objectOf(outputs);
  const predictions = {
    type: "object",
    properties: {
      predictions: {
        type: "array",
        items: { ...given, properties: { ...given.properties, error: { type: ["string", "null"] } } },
      },
    },
  };
  const rows = { type: "array", items: taken };
  const oneForm = {
    oneOf: [
      { required: ["dataframe_records"], properties: { dataframe_records: rows } },
      {
        required: ["dataframe_split"],
        properties: {
          dataframe_split: {
            type: "object",
            required: ["columns", "data"],
            properties: {
              columns: { type: "array", items: { type: "string" } },
              data: { type: "array", items: { type: "array" } },
            },
          },
        },
      },
      { required: ["instances"], properties: { instances: { type: "array" } } },
      { required: ["inputs"], properties: { inputs: {} } },
    ],
  };
  const message = { type: "object", properties: { role: { type: "string" }, content: { type: "string" } } };
  const chat = {
    type: "object",
    required: ["messages"],
    properties: {
      model: { type: "string" },
      messages: { type: "array", items: message },
      stream: { type: "boolean" },
    },
  };
  const rating = {
    type: "object",
    required: ["question", "answer", "rating"],
    properties: {
      question: { type: "string" },
      answer: { type: "string" },
      rating: { type: "number", minimum: 1, maximum: 5 },
      context: {},
      comment: { type: "string" },
      trace: { type: "string", description: `of the answer: its header ${traceHeader}, where it has one` },
      ...(improving && {
        version: { type: "integer", minimum: 0, description: `of the answer: its header ${versionHeader}` },
      }),
    },
  };
  const upload = {
    type: "object",
    required: ["file"],
    properties: {
      file: { type: "array", items: { type: "string", contentMediaType: "application/octet-stream" } },
      text: { type: "string", description: "of a table, the column that is searched" },
    },
  };
  return {
    openapi: "3.1.0",
    info: { title: name, version, ...(!tokens && { description: instructions }) },
    ...(tokens && { security: [{ token: [] }] }),
    paths: {
      "/invocations": turn(post("Answer rows (MLflow's scoring protocol)", oneForm, predictions)),
      "/stream": turn(
        post(
          "Answer one row, with its steps and fields as they come",
          taken,
          { type: "string", description: "events `step`, `field`, and last `result` or `error`" },
          "text/event-stream",
        ),
      ),
      ...(conversation && {
        "/v1/chat/completions": turn(
          post("Answer a conversation (OpenAI's protocol)", chat, { type: "object" }),
        ),
      }),
      "/v1/models": get("The program, as chat clients list it"),
      "/instructions": get("What the program is told to do"),
      ...(index && {
        "/documents": post(
          "Add documents for the groups you are of",
          upload,
          { type: "object" },
          undefined,
          "multipart/form-data",
        ),
      }),
      "/feedback": post(
        "Say what an answer was worth",
        rating,
        { type: "object" },
        undefined,
        undefined,
        "201",
      ),
      "/monitor/figures": get("Figures over all callers, for operators"),
      ...(improving && { "/improvement/rollback": rollback() }),
      "/metrics": get("The same for Prometheus"),
      "/health": open("Whether the server takes requests"),
      "/ping": open("The same"),
      "/version": open("The version of lmframe"),
    },
    ...(tokens && { components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } } }),
  };
}

/** A signature's fields as one object. */
export function objectOf(fields: Fields): JsonSchema & { properties: Readonly<Record<string, JsonSchema>> } {
  return {
    type: "object",
    properties: Object.fromEntries(
      fields.map(({ name, type, description }) => [
        name,
        { ...schemaOf(type), ...(description && { description }) },
      ]),
    ),
    required: fields.filter(({ type }) => type.kind !== "optional").map(({ name }) => name),
  };
}

/** A type's schema. What only inputs may be has none of its own. */
function schemaOf(type: FieldType): JsonSchema {
  if (type.kind === "optional") return schemaOf(type.inner);
  if (type.kind === "media") return { type: "string", description: "an https: or data: address" };
  if (type.kind === "history") {
    return {
      type: "object",
      properties: { messages: { type: "array", items: { type: "object" } } },
      required: ["messages"],
    };
  }
  return jsonSchema(type);
}

function post(
  summary: string,
  body: object,
  answer: object,
  answerType = "application/json",
  bodyType = "application/json",
  status = "200",
): { post: object } {
  return {
    post: {
      summary,
      requestBody: { required: true, content: { [bodyType]: { schema: body } } },
      responses: {
        [status]: { description: "answered", content: { [answerType]: { schema: answer } } },
        "400": { description: "malformed; `message` says how" },
        "401": { description: "no valid token" },
        "413": { description: "too large" },
        "415": { description: "of another type" },
        "429": { description: "too many requests within a minute; try again after `Retry-After` seconds" },
        "503": { description: "too many requests wait, or the server stops; the same" },
      },
    },
  };
}

/** A call of the program, which its caller may say is of a conversation. */
function turn({ post }: { post: object }): object {
  const named = {
    name: conversationHeader,
    in: "header",
    schema: { type: "string", pattern: conversationForm.source },
    description: "names the conversation: where calls are traced, its traces are one session",
  };
  return { post: { parameters: [named], ...post } };
}

function rollback(): object {
  return {
    post: {
      summary: "Have the version before answer again, for operators",
      responses: {
        "200": { description: "it answers" },
        "409": { description: "no version answered before this one" },
      },
    },
  };
}

function get(summary: string): object {
  return { get: { summary, responses: { "200": { description: "answered" } } } };
}

function open(summary: string): object {
  return { get: { summary, security: [], responses: { "200": { description: "answered" } } } };
}
