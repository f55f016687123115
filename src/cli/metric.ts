import { Option } from "commander";
import { labelMatch } from "../applications/index.ts";
import { ConfigurationError, nearest } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { exactMatch, type FieldMetric, tokenF1 } from "../metrics/index.ts";
import type { Module } from "../modules/index.ts";

/** How a command scores a program. */
export interface MetricFlags {
  metric: "exact" | "f1";
  field?: string;
}

export const metricOption = (): Option =>
  new Option("--metric <name>", "exact match, or F1 of the words").choices(["exact", "f1"]).default("exact");

export const fieldOption = (): Option =>
  new Option(
    "--field <name>",
    "output to score, against the column of the same name; default: the first that is a column",
  );

/** The metric that the flags name. Throws ConfigurationError where the program or the data lack the field. */
export function metricOf(program: Module, data: Dataset, { metric, field }: MetricFlags): FieldMetric {
  const { outputs } = program.signature;
  const names = outputs.map(({ name }) => name);
  const scored = field ?? names.find((name) => data.columns.includes(name));
  if (scored === undefined) {
    throw new ConfigurationError(
      `none of the program's outputs (${names.join(", ")}) is a column of the data (${data.columns.join(", ")}); ` +
        `rename a column in the file`,
    );
  }
  const output = outputs.find(({ name }) => name === scored);
  if (!output) {
    const guess = nearest(scored, names);
    throw new ConfigurationError(
      `no output "${scored}"${guess === undefined ? "" : `; did you mean "${guess}"?`} The program gives: ${names.join(", ")}`,
    );
  }
  data.select(scored); // says where it is no column
  if (metric === "f1") return tokenF1(scored);
  return output.type.kind === "literal" ? labelMatch(scored) : exactMatch(scored);
}
