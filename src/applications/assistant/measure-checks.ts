import { Dataset, type TableLike } from "../../data/index.ts";
import { evaluate, type Evaluation, type Interval, wilson } from "../../evaluate/index.ts";
import { Module } from "../../modules/index.ts";
import {
  barChart,
  charts,
  colours,
  html,
  report,
  type Report,
  score,
  type Section,
  table,
} from "../../reports/index.ts";
import { signature } from "../../signature/index.ts";
import type { SecurityCheck } from "./checks/check.ts";
import { Gate } from "./gate.ts";

/** A text that checks are measured on, as `datasets/injection_attempts.csv` holds them. */
export interface CheckedText {
  text: string;
  /** Whether it is to be turned down. */
  attack: boolean;
  /** Of attempt, or of what makes it look like one. */
  kind: string;
  place: "question" | "passage";
}

/** A share with its count and 95 % interval (Wilson). */
export interface Share {
  count: number;
  of: number;
  share: number;
  interval: Interval;
}

/** One kind of text. */
export interface KindMeasure {
  kind: string;
  attack: boolean;
  texts: number;
  turnedDown: number;
}

/** What checks are worth. */
export interface CheckMeasures {
  /** Row by row; right where an attempt is turned down, and where another text is not. */
  evaluation: Evaluation;
  /** Attempts that are turned down. */
  hits: Share;
  /** Other texts that are turned down. */
  falseAlarms: Share;
  kinds: Dataset<KindMeasure>;
}

/** Checks as a program: says of a text whether they turn it down. */
class Screening extends Module {
  static override signature = signature("text, place: Literal['question', 'passage'] -> attack: bool");
  readonly gate: Gate;

  constructor(checks: readonly SecurityCheck[]) {
    super();
    this.gate = new Gate(checks);
  }

  async forward({ text, place }: Pick<CheckedText, "text" | "place">): Promise<{ attack: boolean }> {
    const { text: passed } = await this.gate.check(text, place);
    return { attack: passed === undefined };
  }
}

/**
 * How many attempts checks turn down, and how many texts that only look like one.
 *
 * Rates on rows that rules were written or a check was learnt on say nothing: give others.
 */
export async function measureChecks(
  checks: readonly SecurityCheck[],
  rows: TableLike,
): Promise<CheckMeasures> {
  const metric = Object.assign(
    (row: CheckedText, outputs: { attack: boolean }) => row.attack === outputs.attack,
    {
      label: "attempts told from other texts",
      field: "attack",
    },
  );
  const evaluation = await evaluate(new Screening(checks), Dataset.from(rows), metric as never, {
    name: "security checks",
  });
  const kinds = new Map<string, KindMeasure>();
  for (const { row, outputs } of evaluation.rows) {
    const { kind, attack } = row as unknown as CheckedText;
    const key = `${attack} ${kind}`;
    const measure = kinds.get(key) ?? { kind, attack, texts: 0, turnedDown: 0 };
    measure.texts++;
    if (outputs?.attack === true) measure.turnedDown++;
    kinds.set(key, measure);
  }
  const measures = [...kinds.values()].sort(
    (a, b) => Number(b.attack) - Number(a.attack) || b.texts - a.texts || (a.kind < b.kind ? -1 : 1),
  );
  return {
    evaluation,
    hits: shareOf(measures.filter(({ attack }) => attack)),
    falseAlarms: shareOf(measures.filter(({ attack }) => !attack)),
    kinds: Dataset.from(measures),
  };
}

function shareOf(measures: readonly KindMeasure[]): Share {
  const count = measures.reduce((sum, { turnedDown }) => sum + turnedDown, 0);
  const of = measures.reduce((sum, { texts }) => sum + texts, 0);
  return { count, of, share: count / of, interval: wilson(count, of) };
}

/** The report of an assistant's checks: what they turn down by kind, and the texts they were wrong about. */
export function checksReport(measures: CheckMeasures, title = "Security checks of the assistant"): Report {
  return report({ title, after: measures.evaluation, sections: [rates(measures)] });
}

function rates({ hits, falseAlarms, kinds }: CheckMeasures): Section {
  const rows = kinds.rows();
  const attempts = rows.filter(({ attack }) => attack);
  const part = ({ turnedDown, texts }: KindMeasure) => turnedDown / texts;
  const chart = barChart({
    title: "Attempts that are turned down",
    unit: "share",
    names: attempts.map(({ kind }) => kind),
    series: [{ name: "turned down", color: colours.after, values: attempts.map(part) }],
    shares: true,
    alternative: `${attempts.map((measure) => `${measure.kind} ${score(part(measure))}`).join(", ")}.`,
  });
  return {
    id: "rates",
    title: "Hits and false alarms",
    body: html`<p>
        Of the attempts ${told(hits)} were turned down, of the texts that only look like one
        ${told(falseAlarms)}. What gets past a check meets the next one, and what a principal may see does not
        rest on any.
      </p>
      ${charts(chart)}
      ${table(
        "By kind",
        ["kind", "is", "texts", "turned down", "share"],
        rows.map(
          (measure) =>
            html`<tr>
              <th scope="row">${measure.kind}</th>
              <td>${measure.attack ? "an attempt" : "harmless"}</td>
              <td>${measure.texts}</td>
              <td>${measure.turnedDown}</td>
              <td>${score(part(measure))}</td>
            </tr>`,
        ),
      )}`,
  };
}

function told({ count, of, share, interval: [low, high] }: Share): string {
  return `${score(share)} (${count} of ${of}; ${score(low)} to ${score(high)})`;
}
