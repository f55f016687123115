/** The page's style: one column, system type, both colour schemes, narrow screens and paper. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: #1b1e23; --soft: #5b6270; --line: #dfe2e7; --paper: #fff; --wash: #f6f7f9;
  --accent: #0062a3; --added: #d5f0e3; --gone: #fde0d5;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e8eaed; --soft: #a6adb8; --line: #343a43; --paper: #16181c; --wash: #1e2126;
    --accent: #6cb8f0; --added: #0f4331; --gone: #5a2a16;
  }
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100% }
@media (prefers-reduced-motion) { html { scroll-behavior: auto } }
body {
  margin: 0 auto; padding: 3rem 1.5rem 4rem; max-width: 64rem;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px }
main:focus { outline: none }
[hidden] { display: none !important }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem }

h1 { font-size: 2.1rem; line-height: 1.15; letter-spacing: -.02em; margin: 0 0 .4rem }
h2 { font-size: 1.3rem; letter-spacing: -.01em; margin: 0 0 1rem }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem }
h4 { font-size: .82rem; font-weight: 500; color: var(--soft); margin: .8rem 0 .25rem }
header p, nav, footer, caption, figure p { color: var(--soft) }
header p { margin: 0 }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; margin: 1.5rem 0 0; font-size: .9rem }
nav a { color: inherit; text-decoration: none; padding: .15rem 0 }
nav a:hover { color: var(--accent); text-decoration: underline }
section { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1.75rem; scroll-margin-top: 1rem }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: .88rem }
code, .prompt { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em }
h3 code { font-weight: 400; color: var(--soft); margin-left: .5rem }

.verdict { font-size: 1.2rem; line-height: 1.45; margin: 0 0 .75rem; max-width: 48rem }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: 1.25rem 1.5rem; margin: 1.75rem 0 2rem }
.cards > div { border-top: 2px solid var(--line); padding-top: .5rem }
.cards > div:first-child { border-color: var(--accent) }
.cards dt { font-size: .88rem; color: var(--soft) }
.cards dd { margin: 0; font-variant-numeric: tabular-nums }
.cards b { font-size: 1.7rem; font-weight: 600; line-height: 1.25; letter-spacing: -.02em }
.cards small { font-size: .88rem; color: var(--soft); margin-left: .25rem; white-space: nowrap }
.cards span { display: block; font-size: .82rem; color: var(--soft) }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem 2.5rem; margin: 0 0 1.5rem }
figure { margin: 0; min-width: 0 }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .4rem }
figure p { font-size: .85rem; margin: .25rem 0 0 }
.chart { overflow: hidden }

.scroll { overflow: auto }
.charts > .scroll { align-self: center }
.charts > .scroll:nth-child(odd) { grid-column: 1 / -1 }
.charts th, .charts td { padding-inline: .4rem; font-size: .88rem }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
caption { text-align: left; padding: .25rem 0 .4rem; font-size: .88rem }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; font-variant-numeric: tabular-nums }
th { font-weight: 500 }
th, td { overflow-wrap: normal }
th[scope=row], td.text { overflow-wrap: anywhere; min-width: 5rem }
thead th { color: var(--soft); font-size: .85rem; white-space: nowrap }
th:first-child { text-align: left; padding-left: 0 }
td.text { text-align: left; min-width: 14rem }

details { margin: .75rem 0 }
summary { cursor: pointer; font-weight: 500; padding: .25rem 0 }
.scroll:has(.rows) { max-height: 40rem; border-block: 1px solid var(--line) }
.rows { list-style: none; margin: 0; padding: 0 }
.rows li { padding: .9rem .25rem; border-bottom: 1px solid var(--line) }
.rows li:last-child { border-bottom: 0 }
.facts { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: 0 0 .35rem; font-size: .85rem; color: var(--soft) }
.facts b { color: var(--ink); font-weight: 600 }
.status { border: 1px solid var(--soft); border-radius: 99px; padding: 0 .5rem }
.why { margin: .35rem 0 0; font-size: .88rem; color: var(--soft); white-space: pre-wrap }
.values { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; margin: 0; font-size: .94rem }
.values > div { display: flex; gap: .5rem; min-width: 0 }
.values > .long { flex-basis: 100% }
.values dt { flex: none }
.values dt, .settings dt { color: var(--soft); font-size: .85rem; max-width: 10rem; line-height: 1.75 }
.values dd, .settings dd { margin: 0; white-space: pre-wrap }
.settings { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.5rem; margin: 0 }
.tools { display: flex; flex-wrap: wrap; gap: .6rem 1.1rem; align-items: center; margin: .75rem 0; font-size: .9rem; color: var(--soft) }
input, select { font: inherit; color: var(--ink); background: var(--wash); border: 1px solid var(--soft); border-radius: 6px; padding: .35rem .6rem; margin-left: .25rem; max-width: 100% }
.prompt { white-space: pre-wrap; margin: 0; background: var(--wash); border-radius: 6px; padding: 1rem 1.1rem; line-height: 1.6 }
ins { background: var(--added); text-decoration-thickness: 1px; text-underline-offset: .2em }
del { background: var(--gone) }
.rows ins, .rows del { display: block; padding: .5rem .6rem; border-radius: 6px; text-decoration: none }
.rows del { text-decoration: line-through }
section ul { padding-left: 1.1rem; max-width: 48rem }

@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem }
  h1 { font-size: 1.6rem }
  .cards { grid-template-columns: 1fr 1fr; gap: 1rem }
  .cards b { font-size: 1.4rem }
  .cards small { margin: 0; display: block }
  .settings { grid-template-columns: minmax(0, 1fr); gap: 0 }
  .settings dt { max-width: none; margin-top: .4rem }
  .values > .long { display: block }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt }
  nav, .tools, .skip { display: none }
  .charts { display: block }
  .scroll, .scroll:has(.rows) { max-height: none; overflow: visible }
  figure { margin-bottom: 1.5rem }
  figure, tr, li, .cards > div { break-inside: avoid }
  h2, h3, h4, summary { break-after: avoid }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
`;
