import { createHash } from "node:crypto";
import { scriptJson } from "../../core/index.ts";
import { html, Html } from "../../reports/html.ts";
import { style } from "../../reports/style.ts";

/** A page with the policy it is to be sent with. */
export interface PageDocument {
  readonly html: string;
  readonly policy: string;
}

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  readonly subtitle: string;
  readonly body: Html;
  /** Our own code; it finds `data` as JSON in the element `#data`. */
  readonly script?: string | undefined;
  readonly data?: unknown;
}

/** Beside the style of reports: turns of a conversation, forms. */
const forms = `
#turns { list-style: none; margin: 0; padding: 0 }
#turns > li { margin: 0 0 1.25rem }
#turns .question { font-weight: 600; white-space: pre-wrap }
#turns .answer { white-space: pre-wrap; margin: .35rem 0 .5rem; max-width: 48rem }
.failed { border-left: 3px solid #D55E00; padding-left: .75rem }
.cited { margin: .25rem 0; max-width: 48rem }
.cited p { white-space: pre-wrap; margin: .25rem 0 .5rem; padding-left: 1rem; border-left: 2px solid var(--line) }
form { max-width: 48rem }
form label { display: block; font-weight: 500; margin: .75rem 0 .25rem }
form small { display: block; color: var(--soft); margin-top: .4rem }
textarea, input, select { display: block; width: 100%; margin: 0 }
textarea { font: inherit; color: var(--ink); background: var(--wash); border: 1px solid var(--soft); border-radius: 6px; padding: .5rem .6rem; resize: vertical }
button { font: inherit; color: var(--ink); background: var(--wash); border: 1px solid var(--soft); border-radius: 6px; padding: .45rem .9rem; min-height: 2.75rem; margin: .6rem .5rem 0 0; cursor: pointer }
button[type=submit] { color: var(--paper); background: var(--accent); border-color: var(--accent) }
button:disabled { opacity: .6; cursor: default }
button[aria-pressed=true] { border-color: var(--accent); outline: 1px solid var(--accent) }
#state { min-height: 1.5em; color: var(--soft); margin: .5rem 0 }
.values { margin: .5rem 0 }
svg.spark { width: 100%; height: 4rem; display: block }
svg.spark rect { fill: var(--accent) }
svg.spark rect.failed { fill: #D55E00 }
`;

/** A page that loads nothing, runs nothing but its own script, and asks nobody but its own server. */
export function pageDocument({ title, subtitle, body, script = "", data }: PageParts): PageDocument {
  const styles = style + forms;
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(styles)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    policy,
    html: html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title}</title>
          ${new Html(`<style>${styles}</style>`)}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          <header>
            <h1>${title}</h1>
            <p id="subtitle">${subtitle}</p>
          </header>
          <main id="main" tabindex="-1">${body}</main>
          ${new Html(`<script type="application/json" id="data">${scriptJson(data ?? null)}</script>`)}
          ${new Html(`<script>${script}</script>`)}
        </body>
      </html> `.text,
  };
}

function digest(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
