/** The page's style: one column, system type, both colour schemes, narrow screens and paper. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1e23; --soft: #5b6270; --line: #d9dde3; --paper: #ffffff; --wash: #f5f6f8; --accent: #0062a3; --ins: #d9f2e3; --del: #fde2dc }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a6adb8; --line: #3a404a; --paper: #16181c; --wash: #1f2227; --accent: #6cb8f0; --ins: #14432a; --del: #57261c } }
* { box-sizing: border-box }
html { scroll-behavior: smooth }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem }
header h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.015em }
header p { color: var(--soft); margin: 0 }
nav { margin: 1.25rem 0 0; border-block: 1px solid var(--line); padding: .5rem 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .92rem }
section { margin-top: 2.75rem } h2 { font-size: 1.35rem; letter-spacing: -.01em; margin: 0 0 .75rem } h3 { margin: 1.5rem 0 .5rem } h4 { margin: 1rem 0 .25rem; color: var(--soft) }
.verdict { font-size: 1.08rem; border-left: 4px solid var(--accent); padding: .25rem 0 .25rem .9rem; margin: 0 0 1rem }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: .75rem }
.card { background: var(--wash); border-radius: 10px; padding: .8rem 1rem } .card .name { font-size: .88rem; color: var(--soft) }
.card .value { font-size: 1.55rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3 } .card .was { font-weight: 400; color: var(--soft); font-size: 1.1rem } .card .note { font-size: .82rem; color: var(--soft) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem }
figure { margin: 0; min-width: 0 } figcaption { font-weight: 600; margin-bottom: .25rem } figure p { color: var(--soft); font-size: .88rem; margin: .25rem 0 0 } .chart { min-height: 120px }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .92rem } caption { text-align: left; color: var(--soft); padding: .4rem 0 }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; font-variant-numeric: tabular-nums } th[scope=row], td.text, th[scope=col]:first-child, td:first-child { text-align: left } td.text { min-width: 11rem }
#failed th, details th { text-align: left }
dl { margin: 0 } dt { color: var(--soft); font-size: .82rem } dd { margin: 0 0 .35rem; white-space: pre-wrap } .settings { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem } .settings dt { font-size: 1rem }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center } input { font: inherit; color: inherit; background: var(--wash); border: 1px solid var(--soft); border-radius: 6px; padding: .35rem .6rem; max-width: 100% } output { color: var(--soft) }
.prompt { white-space: pre-wrap; background: var(--wash); border-radius: 8px; padding: .8rem 1rem; font: .9rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; margin: .25rem 0 } code { font: .9em ui-monospace, SFMono-Regular, Menlo, monospace }
ins { background: var(--ins); text-decoration: underline } del { background: var(--del) } details { margin: .75rem 0 } summary { cursor: pointer; font-weight: 600 }
footer { margin-top: 3rem; color: var(--soft); font-size: .88rem; border-top: 1px solid var(--line); padding-top: 1rem }
[hidden] { display: none !important }
@media (max-width: 40rem) { body { padding: 1.25rem .9rem 3rem } header h1 { font-size: 1.55rem } .settings { grid-template-columns: 1fr } }
@media print { nav, .tools, .skip { display: none } body { max-width: none; padding: 0; font-size: 11pt } figure, .card, tr { break-inside: avoid } .scroll { overflow: visible } }
`;
