import { ConfigurationError } from "../core/index.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { retry, type RetryOptions } from "./retry.ts";

/**
 * The name of the only model an endpoint serves (`GET /models`). Throws ConfigurationError where it serves none
 * or several.
 */
export async function servedModel(
  options: EndpointOptions = {},
  retries?: RetryOptions,
  signal?: AbortSignal,
): Promise<string> {
  const endpoint = new Endpoint(options);
  const names = await retry(
    () =>
      endpoint.call(signal, async (client, deadline) => {
        const { data } = await client.models.list({ signal: deadline.signal });
        return (Array.isArray(data) ? data : []).map((model) => model.id);
      }),
    retries,
    signal,
  );
  if (names.length === 1) return names[0]!;
  if (names.length === 0)
    throw new ConfigurationError(`${endpoint.address} lists no model: set OPENAI_MODEL to the one to ask`);
  const shown = names.slice(0, 20).join(", ");
  const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
  throw new ConfigurationError(
    `${endpoint.address} serves ${names.length} models: set OPENAI_MODEL to one of ${shown}${more}`,
  );
}
