/**
 * What the page does: draws its charts in the page's colours, filters rows as one types or chooses, and makes all
 * ready for paper. Runs in a browser.
 */
export const behaviour = `
(function () {
  "use strict";
  const settings = { showSendToCloud: false, plotlyServerURL: "", displaylogo: false, displayModeBar: false, responsive: true };
  const charts = Array.from(document.querySelectorAll(".chart"), function (place) {
    const source = place.textContent;
    place.textContent = "";
    return { place: place, source: source };
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const onPaper = { width: 640 };
  const onScreen = {};

  function draw(medium) {
    const inDark = dark.matches && medium === onScreen;
    const ink = inDark ? "#e8eaed" : "#1b1e23";
    for (const { place, source } of charts) {
      const figure = JSON.parse(inDark ? source.replaceAll("#0072B2", "#56B4E9") : source);
      const data = figure.data.map(function (trace) {
        return Object.assign({}, trace, { textfont: { color: ink } });
      });
      const layout = Object.assign({}, figure.layout, {
        font: Object.assign({}, figure.layout.font, { color: ink }),
        width: medium.width,
        autosize: medium.width === undefined,
      });
      Plotly.react(place, data, layout, settings);
    }
  }

  function filter(section) {
    const form = section.querySelector("form");
    const rows = Array.from(section.querySelectorAll(".rows > li"));
    const texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("input", function () {
      const words = form.elements.words.value.toLowerCase().split(/\\s+/);
      const chosen = Array.from(form.querySelectorAll("select")).filter(function (one) { return one.value !== ""; });
      let shown = 0;
      rows.forEach(function (row, index) {
        row.hidden = !(
          words.every(function (word) { return texts[index].includes(word); }) &&
          chosen.every(function (one) { return "is " + row.dataset[one.name] === one.value; })
        );
        if (!row.hidden) shown++;
      });
      form.querySelector("output").textContent = shown + (shown === 1 ? " row" : " rows");
    });
  }

  let opened = [];
  addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const one of opened) one.open = true;
    draw(onPaper);
  });
  addEventListener("afterprint", function () {
    for (const one of opened) one.open = false;
    draw(onScreen);
  });
  dark.addEventListener("change", function () { draw(onScreen); });
  document.querySelectorAll(".filtered").forEach(filter);
  draw(onScreen);
})();
`;
