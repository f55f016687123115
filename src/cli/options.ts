import { userInfo } from "node:os";
import { InvalidArgumentError, Option } from "commander";
import type { Principal } from "../modules/index.ts";

/** What the commands that run a program share. */
export interface RunFlags {
  concurrency?: number;
  timeout: number;
}

/** What the commands that log share. */
export interface TrackFlags {
  experiment: string;
  track: boolean;
}

export const programArgument = [
  "<program>",
  "saved program (.json), or a module that exports one (.ts, .js)",
] as const;

export const stateOption = (): Option => new Option("--state <file>", "saved state to load into the program");

export const concurrencyOption = (): Option =>
  new Option(
    "--concurrency <rows>",
    "rows under way at once; default: as many as the model answers at once, else 16",
  ).argParser(wholeNumber(1));

export const timeoutOption = (): Option =>
  new Option("--timeout <seconds>", "how long the model may take for one answer")
    .argParser(number("above 0", (seconds) => seconds > 0))
    .default(120);

export const experimentOption = (): Option =>
  new Option("--experiment <name>", "MLflow experiment").default("lmframe");

export const noTrackOption = (): Option => new Option("--no-track", "log nothing to MLflow");

export const jsonOption = (): Option => new Option("--json", "print one JSON object and nothing else");

/** On whose behalf an index is searched. */
export const asOption = (): Option =>
  new Option("--as <group>", "group to search as; repeat it for several")
    .argParser(repeatable)
    .makeOptionMandatory();

/** This user as a member of the groups that `--as` names. */
export function principalOf(groups: readonly string[]): Principal {
  return { id: userInfo().username, groups };
}

/** Collects the values of an option that may be given several times. */
export function repeatable(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return number(`of at least ${least}`, (value) => Number.isInteger(value) && value >= least, "whole number");
}

/** Reads a number that `holds`. */
export function number(
  expected: string,
  holds: (value: number) => boolean,
  kind = "number",
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && holds(value)) return value;
    throw new InvalidArgumentError(`expected a ${kind} ${expected}, found "${text}".`);
  };
}
