import { beforeEach, expect, test, vi } from "vitest";

const figure = { data: [{ type: "bar", x: ["</script><b>"], y: [1] }], layout: { title: { text: "a" } } };
const plotly = "window.Plotly = Plotly";

type Figures = typeof import("../../src/core/figure.ts");
type Current = typeof import("../../src/core/current-cell.ts");
let figureBundle: Figures["figureBundle"];
let setCurrentCell: Current["setCurrentCell"];

beforeEach(async () => {
  vi.resetModules(); // as in a kernel that was just started
  ({ setCurrentCell } = await import("../../src/core/current-cell.ts"));
  ({ figureBundle } = await import("../../src/core/figure.ts"));
});

const html = () => String(figureBundle(figure)["text/html"]);

test("plotly.js comes with the first chart of a kernel only, and again when its cell is run again", () => {
  setCurrentCell({ cell: "a", run: 1 });
  expect(html()).toContain(plotly);
  expect(html()).not.toContain(plotly);
  setCurrentCell({ cell: "b", run: 2 });
  expect(html()).not.toContain(plotly);
  setCurrentCell({ cell: "a", run: 3 });
  expect(html()).toContain(plotly);
  expect(html()).not.toContain(plotly);
});

test("text of the data cannot leave the script", () => {
  html();
  const chart = html();
  expect(chart.match(/<\/script/g)).toHaveLength(1);
  expect(chart).toContain("\\u003c/script\\u003e");
});

test("a still picture stands where scripts do not run, and the title is text", () => {
  const svg = "<svg xmlns='http://www.w3.org/2000/svg'/>";
  const bundle = figureBundle(figure, { svg, title: 'scores "<i>"' });
  expect(bundle["image/svg+xml"]).toBe(svg);
  expect(bundle["text/plain"]).toBe('[scores "<i>"]');
  expect(bundle["text/html"]).toContain(
    `src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}"`,
  );
  expect(bundle["text/html"]).toContain('aria-label="scores &#34;&#60;i&#62;&#34;"');
});
