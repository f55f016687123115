import type { DatabricksLogin } from "./login.ts";

/**
 * How an OpenAI client reaches the workspace's models, with a login of the moment. The login goes to the workspace alone,
 * whatever address is called.
 */
export function workspaceEndpoint(login: DatabricksLogin): {
  baseURL: string;
  fetch: typeof globalThis.fetch;
} {
  const send: typeof globalThis.fetch = async (input, init) => {
    const { origin } = new URL(input instanceof Request ? input.url : input);
    if (origin !== login.host) return fetch(input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set("authorization", `Bearer ${await login.token()}`);
    return fetch(input, { ...init, headers });
  };
  return { baseURL: `${login.host}/serving-endpoints`, fetch: send };
}
