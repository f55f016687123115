import { createHash } from "node:crypto";
import { Dataset } from "../../src/data/index.ts";
import { FunctionModel, type Message } from "../../src/lm/index.ts";

/** What a judge must be told to score as the planted person does, with what the person says of such rows. */
export const relevanceRules = [
  { text: "An entry of another aircraft is a 1.", reason: "not the aircraft that was asked for", score: 1 },
  { text: "An entry without a repair is a 3.", reason: "no word of what was done about it", score: 3 },
] as const;

/** The sentence without which the planted judge often forgets the form of its answer. */
export const formRule = "Write the score alone, as one digit, under its marker.";

type Kind = 0 | 1 | 2;

/** A question and an entry each: of another aircraft (score 1), without a repair (3), or just what was asked for (5). */
export function plantedPairs(count: number, seed: number) {
  return Dataset.from(
    Array.from({ length: count }, (_, index) => {
      const kind = (number(`${seed}/${index}`) % 3) as Kind;
      const rule = relevanceRules[kind as 0 | 1] as (typeof relevanceRules)[number] | undefined;
      const aircraft = kind === 0 ? "QL-BBB" : "QL-AAA";
      return {
        query: `What was done about the leak of QL-AAA? (${seed}.${index})`,
        document: `${aircraft} leak number ${seed}.${index}${kind === 1 ? "" : ": sealed"}`,
        score: rule?.score ?? 5,
        rationale: rule?.reason ?? "just what was asked for",
      };
    }),
  );
}

/** How the planted judge answers. */
export interface PlantedJudgeOptions {
  /** Answers between markers, and in a form that cannot be read for this share of the rows where it is not told {@link formRule}. */
  malformed?: number;
  name?: string;
  /** Counts the calls. */
  onCall?: (prompt: string) => void;
}

/**
 * A judge who finds every leak a 5 until it is told otherwise, and a 2 where it is told never to give a five. The same
 * request gives the same answer.
 */
export function plantedJudge({
  name = "planted judge",
  onCall,
  ...options
}: PlantedJudgeOptions = {}): FunctionModel {
  return new FunctionModel(
    ({ messages }) => {
      onCall?.(messages[0]!.content as string);
      return judgeReply(messages, options);
    },
    { name, ...(options.malformed !== undefined && { abilities: { jsonSchema: false } }) },
  );
}

/** What the planted judge answers. */
export function judgeReply(messages: readonly Message[], { malformed }: PlantedJudgeOptions = {}): string {
  const system = messages[0]!.content as string;
  const asked = messages.find(({ role }) => role === "user")!.content as string;
  const entry = asked.slice(asked.indexOf("QL-", asked.indexOf("document")));
  const kind: Kind = entry.startsWith("QL-BBB") ? 0 : entry.includes("sealed") ? 2 : 1;
  const rule = relevanceRules[kind as 0 | 1] as (typeof relevanceRules)[number] | undefined;
  const told = rule !== undefined && system.includes(rule.text);
  const score = told ? rule.score : system.includes("Never give a five") ? 2 : 5;
  if (malformed === undefined) return JSON.stringify({ rationale: "it is a leak", score });
  const lapses = number(entry) % 100 < 100 * malformed && !system.includes(formRule);
  if (lapses) return `I would say that this one deserves about ${score} points out of 5, as it is a leak.`;
  return `[[ ## rationale ## ]]\nit is a leak\n\n[[ ## score ## ]]\n${score}\n\n[[ ## completed ## ]]`;
}

function number(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE(0);
}
