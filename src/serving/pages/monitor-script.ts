import { sharedScript } from "./shared-script.ts";

/** The page at `/monitor`: figures, asked for again every five seconds. */
export const monitorScript = `${sharedScript}${String.raw`
const space = "http://www.w3.org/2000/svg";

function bars(windows) {
  const chart = document.createElementNS(space, "svg");
  chart.setAttribute("class", "spark");
  chart.setAttribute("viewBox", "0 0 60 20");
  chart.setAttribute("preserveAspectRatio", "none");
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", "calls in each of the last " + windows.length + " windows, failed ones in another colour");
  const most = Math.max(1, ...windows.map(({ calls }) => calls));
  windows.slice(-60).forEach(({ calls, failed }, place) => {
    for (const [count, name] of [[calls, ""], [failed, "failed"]]) {
      const bar = document.createElementNS(space, "rect");
      const height = (20 * count) / most;
      for (const [key, value] of Object.entries({ x: place, width: 0.8, y: 20 - height, height, class: name })) bar.setAttribute(key, value);
      chart.append(bar);
    }
  });
  return chart;
}

async function refresh() {
  try {
    const { rows, windows, alerts, running, waiting, improvement } = await (await call("/monitor/figures")).json();
    find("state").textContent = running + " at work, " + waiting + " waiting";
    find("alerts").replaceChildren(...alerts.map(({ rule, message }) => element("li", rule + ": " + message)));
    find("figures").replaceChildren(...rows.map((cells) => {
      const row = element("tr");
      const name = element("th", cells[0]);
      name.scope = "row";
      row.append(name, element("td", cells[1]), element("td", cells[2]));
      return row;
    }));
    find("chart").replaceChildren(bars(windows));
    if (improvement) {
      const { version, underWay, rounds } = improvement;
      find("version").textContent = "version " + version + " answers" + (underWay ? ", version " + underWay.version + " is made" : "");
      find("rounds").replaceChildren(...rounds.map((round) =>
        element("li", round.at.slice(0, 16).replace("T", " ") + " · version " + round.version + " " + round.outcome + ": " + round.why)));
    }
  } catch (error) {
    find("state").textContent = error.message;
  }
}

refresh();
setInterval(refresh, 5000);
if (tokenField) tokenField.addEventListener("change", refresh);
`}`;
