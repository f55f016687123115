import { inputColumns } from "../modules/index.ts";
import { CopiedText } from "./copied-text.ts";
import type { Study } from "./study.ts";
import { changedParameter, labelsIn } from "./task-parameters.ts";
import { exceedsTokens } from "./token-cap.ts";

/** What a proposer may write and be shown. Always on; what is refused is in the journal, with the reason. */
export interface GuardrailOptions {
  /** Characters that new instructions may have; longer ones are refused. Default 4,000. */
  maxInstructionLength?: number | undefined;
  /**
   * Tokens that new instructions may have, as `countTokens` counts; longer ones are refused. Default 2,000: what 4,000
   * characters of a European language seldom reach, and those of other scripts may.
   */
  maxInstructionTokens?: number | undefined;
  /**
   * Words in a row that count as copied where a training row holds the same; whole values of 4 words or more
   * count as well. Labels, field names and the program's own words are free. Default 8, at least 4.
   */
  maxCopiedWords?: number | undefined;
  /** Characters that a proposer's prompt may have; the longest texts in it are shortened to fit. Default 24,000. */
  maxPromptLength?: number | undefined;
}

/** Judges what a proposer wrote before any rollout is spent on it. */
export class Guardrails {
  readonly #study: Study;
  readonly #longest: number;
  readonly #mostTokens: number;
  readonly #copied: CopiedText;

  constructor(
    study: Study,
    { maxInstructionLength = 4000, maxInstructionTokens = 2000, maxCopiedWords = 8 }: GuardrailOptions = {},
  ) {
    this.#study = study;
    this.#longest = maxInstructionLength;
    this.#mostTokens = maxInstructionTokens;
    this.#copied = new CopiedText(rowTexts(study), ownWords(study), maxCopiedWords);
  }

  /** Why the predictor at `path` may not be given these instructions; undefined where it may. */
  refusal(path: string, instructions: string): string | undefined {
    if (instructions.trim() === "") return "is empty";
    if (instructions.length > this.#longest) {
      return `has ${instructions.length} characters, more than ${this.#longest}`;
    }
    if (exceedsTokens(instructions, this.#mostTokens)) return `has more than ${this.#mostTokens} tokens`;
    const copied = this.#copied.find(instructions);
    if (copied !== undefined) return `copies a training row: "${copied}"`;
    return changedParameter(this.#study.program.predictors().get(path)!.signature, instructions);
  }
}

/** The texts that belong to single training rows. */
function* rowTexts(study: Study): Generator<string> {
  const rows = study.train.rows();
  const inputs = new Set(inputColumns(study.program, study.train.columns));
  for (const column of study.train.columns) {
    const texts = rows.flatMap((row) => textsIn(row[column]));
    if (inputs.has(column)) yield* texts;
    // An output that several rows share is a label, whatever its type says.
    else yield* onlyOnce(texts);
  }
}

function onlyOnce(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return texts.filter((text) => counts.get(text) === 1);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** What the program itself says: a proposer may say it again. */
function* ownWords(study: Study): Generator<string> {
  for (const { signature } of study.program.predictors().values()) {
    yield signature.instructions;
    for (const { name, description, type } of signature.fields) yield* [name, description, ...labelsIn(type)];
  }
}
