import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { replaceFile } from "../data/file.ts";
import { plotlySource } from "../core/figure.ts";
import { behaviour } from "./behaviour.ts";
import { html, Html } from "./html.ts";
import type { Section } from "./section.ts";
import { style } from "./style.ts";

/** A page that stands alone: what it needs is in it, and its policy lets it fetch nothing and run nothing else. */
export function page(title: string, subtitle: string, sections: readonly Section[]): string {
  const scripts = [plotlySource(), behaviour];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${element("style", style)}
        <noscript
          ><style>
            .chart,
            .tools {
              display: none;
            }
          </style></noscript
        >
      </head>
      <body>
        <a class="skip" href="#main">Skip to the report</a>
        <header>
          <h1>${title}</h1>
          <p>${subtitle}</p>
        </header>
        <nav aria-label="Sections">
          ${sections.map(({ id, title: name }) => html`<a href="#${id}">${name}</a>`)}
        </nav>
        <main id="main" tabindex="-1">${sections.map(place)}</main>
        <footer>
          Written by lmframe. This file stands alone: it opens offline and asks nothing of any server.
        </footer>
        ${scripts.map((script) => element("script", script))}
      </body>
    </html> `.text;
}

/** Writes a page, aside first and then in its place; makes its folder. Gives back the path. */
export async function savePage(path: string, text: string): Promise<string> {
  await replaceFile(path, (temporary) => writeFile(temporary, text));
  return path;
}

/** Our own text in an element whose text is no HTML; to the letter, for the policy names its digest. */
function element(name: "script" | "style", text: string): Html {
  return new Html(`<${name}>${text}</${name}>`);
}

function place({ id, title, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section>`;
}
