/**
 * What the page does: draws its charts in the page's colours, filters a table as one types, and opens what is
 * folded before it is printed. Runs in a browser; the charts stand in `#charts` as JSON.
 */
export const behaviour = `
(function () {
  var settings = { showSendToCloud: false, plotlyServerURL: "", displaylogo: false, responsive: true, displayModeBar: false };
  var charts = JSON.parse(document.getElementById("charts").textContent);
  function draw() {
    var colour = getComputedStyle(document.body).color;
    charts.forEach(function (chart, index) {
      var place = document.getElementById("chart-" + index);
      var layout = Object.assign({}, chart.layout, { font: Object.assign({}, chart.layout.font, { color: colour }) });
      Plotly.react(place, chart.data, layout, settings);
    });
  }
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  document.querySelectorAll("[data-filters]").forEach(function (input) {
    var rows = Array.from(document.querySelectorAll("#" + input.dataset.filters + " tbody tr"));
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var count = document.querySelector('[data-count="' + input.dataset.filters + '"]');
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase();
      var shown = 0;
      rows.forEach(function (row, index) { row.hidden = texts[index].indexOf(wanted) < 0; if (!row.hidden) shown++; });
      count.textContent = shown + " shown";
    });
  });
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
})();
`;
