import type { ChatBody } from "./faulty-endpoint.ts";

/** What `said` holds for each output that a request constrained to JSON asks for. */
export function answerFields({ response_format }: ChatBody, said: Readonly<Record<string, unknown>>): string {
  const { schema } = (response_format as { json_schema: { schema: { properties: object } } }).json_schema;
  return JSON.stringify(Object.fromEntries(Object.keys(schema.properties).map((name) => [name, said[name]])));
}
