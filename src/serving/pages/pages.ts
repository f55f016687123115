import type { Hono } from "hono";
import type { Field } from "../../signature/index.ts";
import { html, Html } from "../../reports/html.ts";
import { openApi } from "../open-api.ts";
import type { Service, ServiceEnv } from "../service.ts";
import { pageDocument } from "./document.ts";
import { monitorScript } from "./monitor-script.ts";
import { programScript } from "./program-script.ts";

/** The pages people open. They hold nothing of anybody: what they show they ask for, with the token of who looks. */
export function pages(app: Hono<ServiceEnv>, service: Service): void {
  const made = { "/": programPage(service), "/monitor": monitorPage(service), "/docs": docsPage(service) };
  for (const [path, page] of Object.entries(made)) {
    app.get(path, (context) => {
      context.header("content-security-policy", page.policy);
      return context.html(page.html);
    });
  }
}

function programPage({ program, name, conversation, index, tokens }: Service) {
  const { inputs, instructions } = program.signature;
  const row = html`<form id="row">
      ${inputs.map(inputField)}
      <button type="submit">Run</button>
    </form>
    <div id="outputs" role="status"></div>`;
  const body = html`${tokenForm(tokens !== undefined)}
    ${
      conversation &&
      html`<section aria-labelledby="chat-title">
        <h2 id="chat-title">Ask</h2>
        <ol id="turns" role="log" aria-label="Conversation"></ol>
        <p id="state" role="status"></p>
        <form id="ask">
          <label for="question">Your question</label>
          <textarea id="question" rows="2" required autofocus></textarea>
          <small>Enter sends, Shift and Enter begins a new line.</small>
          <button type="submit" id="send">Ask</button>
          <button type="button" id="stop" hidden>Stop</button>
        </form>
      </section>`
    }
    <section aria-labelledby="row-title">
      <h2 id="row-title">Try a row</h2>
      ${
        conversation
          ? html`<details>
              <summary>All inputs by name</summary>
              ${row}
            </details>`
          : row
      }
    </section>
    ${
      index &&
      html`<section aria-labelledby="upload-title">
        <h2 id="upload-title">Add documents</h2>
        <form id="upload">
          <label for="files">Files, for the groups you are of</label>
          <input type="file" id="files" multiple required />
          <button type="submit">Add</button>
        </form>
        <p id="uploaded" role="status"></p>
      </section>`
    }
    <footer><a href="/docs">What the server answers</a> · <a href="/monitor">How it does</a></footer>`;
  return pageDocument({
    title: name,
    // With tokens the page asks for them: they are for those who may call.
    subtitle: tokens ? "" : instructions,
    body,
    script: programScript,
    data: {
      conversation: conversation && { ...conversation, history: conversation.history ?? null },
      documents: index !== undefined,
      inputs: inputs.map((input) => ({
        name: input.name,
        form: formOf(input),
        optional: input.type.kind === "optional",
      })),
    },
  });
}

/** How a field is filled in: what is no text, number or choice is written as JSON. */
function formOf({ type }: Field): "text" | "choice" | "json" {
  const inner = type.kind === "optional" ? type.inner : type;
  if (inner.kind === "string" || inner.kind === "media") return "text";
  return inner.kind === "literal" && inner.values.every((value) => typeof value === "string")
    ? "choice"
    : "json";
}

function inputField(field: Field): Html {
  const { name, type, description } = field;
  const id = `input-${name}`;
  const inner = type.kind === "optional" ? type.inner : type;
  const form = formOf(field);
  const control =
    form === "choice" && inner.kind === "literal"
      ? html`<select id="${id}">
          ${type.kind === "optional" ? html`<option></option>` : undefined}
          ${inner.values.map((value) => html`<option>${String(value)}</option>`)}
        </select>`
      : html`<textarea id="${id}" rows="2"></textarea>`;
  const hint = [
    description,
    form === "json" ? "as JSON" : undefined,
    type.kind === "optional" ? "may be left empty" : undefined,
  ]
    .filter(Boolean)
    .join("; ");
  return html`<label for="${id}">${name}</label
    >${control}${hint === "" ? undefined : html`<small>${hint}</small>`}`;
}

function monitorPage({ name, tokens, improving }: Service) {
  return pageDocument({
    title: `How ${name} does`,
    subtitle: "Figures over all callers since the server began, and of the last windows.",
    body: html`${tokenForm(tokens !== undefined)}
      <p id="state" role="status"></p>
      <ul id="alerts" aria-label="Alerts"></ul>
      <div id="chart"></div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">figure</th>
              <th scope="col">in all</th>
              <th scope="col">lately</th>
            </tr>
          </thead>
          <tbody id="figures"></tbody>
        </table>
      </div>
      ${
        improving &&
        html`<section aria-labelledby="versions-title">
          <h2 id="versions-title">Versions</h2>
          <p id="version" role="status"></p>
          <ul id="rounds"></ul>
        </section>`
      }`,
    script: monitorScript,
  });
}

interface Operation {
  summary: string;
  requestBody?: { content: Record<string, { schema: object }> };
}

function docsPage(service: Service) {
  const { paths } = openApi(service) as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  return pageDocument({
    title: `What ${service.name} answers`,
    subtitle: service.tokens
      ? "Send your token: Authorization: Bearer TOKEN."
      : "No token is needed from this machine.",
    body: html`<p><a href="/openapi.json">The same as OpenAPI</a></p>
      ${operations.map(({ path, method, summary, requestBody }) => {
        const [sent] = Object.entries(requestBody?.content ?? {});
        return html`<section>
          <h2><code>${method.toUpperCase()} ${path}</code></h2>
          <p>${summary}.</p>
          ${
            sent &&
            html`<details>
              <summary>${sent[0]}</summary>
              <pre class="prompt">${JSON.stringify(sent[1].schema, null, 2)}</pre>
            </details>`
          }
        </section>`;
      })}`,
  });
}

function tokenForm(needed: boolean): Html | undefined {
  if (!needed) return undefined;
  return html`<form id="who" autocomplete="off">
    <label for="token">Your token</label>
    <input id="token" type="password" autocomplete="off" spellcheck="false" />
    <small>Kept in this tab alone.</small>
  </form>`;
}
