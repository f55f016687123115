import { wilson } from "../../evaluate/index.ts";
import {
  barChart,
  charts,
  colours,
  dollars,
  html,
  type Html,
  report,
  type Report,
  score,
  type Section,
  table,
} from "../../reports/index.ts";
import type { ServiceAssumptions } from "./assumptions.ts";
import type { DecisionMeasures, ServiceMeasures } from "./measure.ts";

/** What the customer service report tells of. */
export interface ServiceReportSubject {
  title?: string | undefined;
  /** See `measureService`. */
  measures: ServiceMeasures;
  /** Where the run is kept; only an http(s) address becomes a link. */
  tracking?: { readonly url: string | undefined } | undefined;
  /** Settings worth knowing, shown as they are. */
  configuration?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * The report of a service desk: the labels against a hand-written prompt, what was decided against what the labels
 * of a person lead to, how much a person must look at for which accuracy, and estimates of first contacts, time and
 * money, marked as such, beside the assumptions they rest on.
 */
export function serviceReport(subject: ServiceReportSubject): Report {
  const { title = "Customer service", measures, tracking, configuration } = subject;
  return report({
    title,
    before: measures.baseline,
    after: measures.answers,
    sections: [labels(measures), decisions(measures), review(measures), estimates(measures)],
    tracking,
    configuration: { before: "one prompt, written by hand", after: "the service", ...configuration },
  });
}

function labels({ labels, baselineLabels }: ServiceMeasures): Section {
  const names = labels.map(({ field }) => field);
  const chart = barChart({
    title: "Labels that are right",
    unit: "accuracy",
    names,
    series: [
      { name: "before", color: colours.before, values: baselineLabels.map(({ accuracy }) => accuracy) },
      { name: "after", color: colours.after, values: labels.map(({ accuracy }) => accuracy) },
    ],
    shares: true,
    alternative: `${labels
      .map(
        ({ field, accuracy }, place) =>
          `${field}: ${score(baselineLabels[place]!.accuracy)} before, ${score(accuracy)} after`,
      )
      .join("; ")}.`,
  });
  return {
    id: "labels",
    title: "What the messages were read as",
    body: html`${charts(chart)}
    ${table(
      "By label",
      ["label", "accuracy before", "after", "macro F1 before", "after"],
      labels.map(
        ({ field, accuracy, macroF1 }, place) =>
          html`<tr>
            <th scope="row">${field}</th>
            <td>${score(baselineLabels[place]!.accuracy)}</td>
            <td>${score(accuracy)}</td>
            <td>${score(baselineLabels[place]!.macroF1)}</td>
            <td>${score(macroF1)}</td>
          </tr>`,
      ),
    )}`,
  };
}

function decisions({ decisions, baselineDecisions }: ServiceMeasures): Section {
  const row = (name: string, of: (measures: DecisionMeasures) => readonly [number, number]) =>
    html`<tr>
      <th scope="row">${name}</th>
      <td>${share(...of(baselineDecisions))}</td>
      <td>${share(...of(decisions))}</td>
    </tr>`;
  return {
    id: "decisions",
    title: "What was decided",
    body: html`<p>
        Measured on ${decisions.messages} messages. What should have been decided follows from the labels that
        a person gave, by the same rules of the house.
      </p>
      ${table(
        "Measured, with 95 % intervals",
        ["", "before", "after"],
        [
          row("went to the right team", ({ routedRight, messages }) => [routedRight, messages]),
          row("escalated", ({ escalated, messages }) => [escalated, messages]),
          row("to be escalated", ({ toEscalate, messages }) => [toEscalate, messages]),
          row("of those to escalate, escalated", ({ escalatedRight, toEscalate }) => [
            escalatedRight,
            toEscalate,
          ]),
          row("of those escalated, rightly", ({ escalatedRight, escalated }) => [escalatedRight, escalated]),
          row("replies that could not be read", ({ unread, messages }) => [unread, messages]),
        ],
      )}`,
  };
}

/** A share with its count and Wilson's interval. */
function share(part: number, whole: number): string {
  if (whole === 0) return "–";
  const [low, high] = wilson(part, whole);
  return `${score(part / whole)} (${part} of ${whole}; ${score(low)} to ${score(high)})`;
}

function review({ reviews, review: at }: ServiceMeasures): Section {
  if (!at) {
    return {
      id: "review",
      title: "What a person looks at",
      body: html`<p>
        The endpoint tells no log-probabilities, so no answer has a confidence, and none can be picked out for
        a person by it.
      </p>`,
    };
  }
  // Where a person looks at all there are no others.
  const drawn = reviews.filter(({ routedRight }) => !Number.isNaN(routedRight));
  const chart = barChart({
    title: "Manual review by threshold",
    unit: "share",
    names: drawn.map(({ threshold }) => `below ${threshold}`),
    series: [
      {
        name: "looked at by a person",
        color: colours.before,
        values: drawn.map(({ reviewed }) => reviewed),
      },
      {
        name: "others, at right team",
        color: colours.after,
        values: drawn.map(({ routedRight }) => routedRight),
      },
    ],
    shares: true,
    alternative: `${drawn
      .map(
        ({ threshold, reviewed, routedRight }) =>
          `below ${threshold}: ${score(reviewed)} looked at, ${score(routedRight)} of the others right`,
      )
      .join("; ")}.`,
  });
  return {
    id: "review",
    title: "What a person looks at",
    body: html`<p>
        Measured: below a confidence of ${at.threshold} a person looks at ${score(at.reviewed)} of the
        messages; of the others ${score(at.routedRight)} went to the right team. The confidence is that of the
        least sure label.
      </p>
      ${drawn.length > 0 ? charts(chart) : undefined}`,
  };
}

const assumed: Readonly<Record<keyof ServiceAssumptions, (value: number) => string>> = {
  minutesToSort: (value) => `sorting a message by hand takes ${value} min`,
  minutesToReview: (value) => `looking at a labelled message takes ${value} min`,
  minutesToReroute: (value) => `a message at the wrong team costs ${value} min`,
  hourlyCost: (value) => `an hour of this work costs ${dollars(value)}`,
  resolvedAtRightTeam: (value) => `the right team resolves ${score(value)} at the first contact`,
  resolvedAtWrongTeam: (value) => `the wrong team resolves ${score(value)} at the first contact`,
};

function estimates({ estimates, assumptions, review: at }: ServiceMeasures): Section {
  const { firstContactResolution, minutesByHand, minutes, savedPerThousand, modelCostPerThousand } =
    estimates;
  const told = (...names: (keyof ServiceAssumptions)[]) =>
    names.map((name) => assumed[name](assumptions[name])).join("; ");
  const rows: [name: string, value: string, basis: string][] = [
    [
      "first-contact resolution",
      score(firstContactResolution),
      `${told("resolvedAtRightTeam", "resolvedAtWrongTeam")}; what is escalated is not resolved at once`,
    ],
    [
      "minutes of work a message",
      `${minutes.toFixed(2)}, by hand ${minutesByHand.toFixed(2)}`,
      told("minutesToSort", "minutesToReview", "minutesToReroute"),
    ],
    [
      "saved over 1,000 messages",
      savedPerThousand < 0 ? `−${dollars(-savedPerThousand)}` : dollars(savedPerThousand),
      `${told("hourlyCost")}; ${
        modelCostPerThousand === null
          ? "what the model costs is not known, and not taken off"
          : `the model's ${dollars(modelCostPerThousand)} are taken off`
      }`,
    ],
  ];
  return {
    id: "estimates",
    title: "What that may be worth: estimates",
    body: html`<p>
        These figures are estimates. They follow from the measured rows above and from assumptions that nobody
        measured here; put your own in, and they change.
        ${
          at &&
          html`A person is taken to look at what is below ${at.threshold}, and to send it to the right team.`
        }
      </p>
      ${table(
        "Estimates, with the assumptions beside them",
        ["", "estimate", "assumed"],
        rows.map(
          ([name, value, basis]): Html =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${value}</td>
              <td class="text">${basis}</td>
            </tr>`,
        ),
      )}`,
  };
}
