import { createHash } from "node:crypto";
import { Dataset } from "../../src/data/index.ts";
import { FunctionModel, type FunctionReply, type TokenLogprob } from "../../src/lm/index.ts";
import { exactMatch } from "../../src/metrics/index.ts";
import { Module, Predict } from "../../src/modules/index.ts";
import { signature } from "../../src/signature/index.ts";

const labels = ["billing", "delivery", "returns", "account", "technical"] as const;
type Label = (typeof labels)[number];
const topics: Readonly<Record<Label, string>> = {
  billing: "invoice",
  delivery: "parcel",
  returns: "refund",
  account: "login",
  technical: "crash",
};
const jargon: Readonly<Record<Label, string>> = {
  billing: "grommet",
  delivery: "wobbly",
  returns: "sproing",
  account: "fandangle",
  technical: "kerfuffle",
};
const fillers = ["please look into it", "it has been a while", "thanks in advance", "what now", "as agreed"];

/** What must be said for messages with two topics, and for messages with a code. */
export const rules = {
  last: "Where two topics are named the last topic decides.",
  code: "A message with a code is for account.",
} as const;
/** Spoils one plain message of six. */
export const harmfulSentence = "Prefer the most general team.";
const opening = "Say which team a message is for.";
const literal = "Literal['billing', 'delivery', 'returns', 'account', 'technical']" as const;

/** What a row's label hangs on: its topic; a rule; examples; nothing that can be known. */
type Kind = "plain" | "last" | "code" | "jargon" | "unclear";

/** One task with a known optimum. */
export interface TicketTaskOptions {
  /** How often each kind of row is; the rest is plain. */
  shares: Readonly<Partial<Record<Exclude<Kind, "plain">, number>>>;
  /** The program begins with a sentence that harms. */
  harmful?: boolean;
  /** Share of answers that are wrong whatever is right, drawn anew for each prompt. */
  noise?: number;
  /** Examples that teach a jargon row: any so many, or one with the same word. */
  examples?: "any" | "alike";
  /** Predictors of the program: with two, the first must know the one rule and the second the other. */
  steps?: 1 | 2;
}

interface Request {
  messages: readonly { role: string; content: unknown }[];
  temperature?: number | undefined;
  /** Which draw of several this is. */
  rollout?: number | undefined;
  topLogprobs?: number | undefined;
}

/** Names the topic, then the team: two predictors. */
export class Triage extends Module {
  static override signature = signature(`text -> label: ${literal}`);
  name = new Predict("text -> topic", "Say what a message is about.");
  route;
  constructor(instructions = opening) {
    super();
    this.route = new Predict(`text, topic -> label: ${literal}`, instructions);
  }
  async forward({ text }: { text: string }) {
    const { topic } = await this.name.call({ text });
    return this.route.call({ text, topic });
  }
}

/**
 * Messages to be routed to one of five teams by a model whose correctness depends on what its prompt says, and a
 * proposer that finds a rule only where it sees rows that the rule is about, with what was expected of them.
 */
export class TicketTask {
  readonly options: TicketTaskOptions;
  readonly metric = exactMatch("label");

  constructor(options: TicketTaskOptions) {
    this.options = options;
  }

  rows(count: number, seed: number): Dataset<{ text: string; label: string }> {
    return Dataset.from(Array.from({ length: count }, (_, index) => this.#row(`${seed}/${index}`)));
  }

  program(): Module {
    const instructions = this.options.harmful ? `${opening} ${harmfulSentence}` : opening;
    return this.options.steps === 2
      ? new Triage(instructions)
      : new Predict(`text -> label: ${literal}`, instructions);
  }

  /**
   * The model of the program, counted; with a wait of up to so many milliseconds, another one for each call. `weighs`: it
   * tells log-probabilities where it is asked for them.
   */
  model({ wait = 0, weighs = false } = {}): FunctionModel & { calls: number } {
    return counted("tickets", wait, (request) => {
      const text = this.reply(request);
      const logprobs = weighs && request.topLogprobs !== undefined ? this.tokens(request, text) : undefined;
      return logprobs ? { choices: [{ text, toolCalls: [], finishReason: "stop", logprobs }] } : text;
    });
  }

  /** The model that helps, counted. */
  proposer({ wait = 0 } = {}): FunctionModel & { calls: number } {
    return counted("ticket proposer", wait, (request) => this.propose(request));
  }

  /** What the program's model answers. */
  reply(request: Request): string {
    const { messages } = request;
    const system = textOf(messages.find(({ role }) => role === "system"));
    const user = textOf(messages.at(-1));
    const marked = system.includes("[[ ## ");
    const names = this.options.steps === 2 && !/- label:|`label`/.test(system);
    const value = names ? this.#topic(system, user) : this.#label(request, system, user);
    const field = names ? "topic" : "label";
    return marked
      ? `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`
      : JSON.stringify({ [field]: value });
  }

  /**
   * A reply's tokens as an endpoint tells them that weighs labels: the model is surest of its answer, and nearer to some of
   * the others. Undefined for a reply that is no label in JSON.
   */
  tokens({ messages }: Request, reply: string): TokenLogprob[] | undefined {
    const answer = labels.find((label) => reply === JSON.stringify({ label }));
    if (answer === undefined) return undefined;
    const { id } = read(textOf(messages.at(-1)));
    const weights = labels.map((label) => (label === answer ? 3 : 2 * share(`${id}/${label}`)));
    const total = Math.log(weights.reduce((sum, weight) => sum + Math.exp(weight), 0));
    const top = labels.map((token, place) => ({ token, logprob: weights[place]! - total }));
    const { logprob } = top[labels.indexOf(answer)]!;
    return [
      { token: '{"label":"', logprob: 0, top: [] },
      { token: answer, logprob, top },
      { token: '"}', logprob: 0, top: [] },
    ];
  }

  #topic(system: string, user: string): string {
    const row = read(user);
    return row.topics.at(says(system, "last") ? -1 : 0) ?? "unknown";
  }

  #label({ messages, temperature = 0, rollout = 0 }: Request, system: string, user: string): Label {
    const { noise = 0, harmful, examples = "any", steps = 1 } = this.options;
    const row = read(user);
    const luck = (what: string) => share(`${row.id}/${what}${temperature > 0 ? `/${rollout}` : ""}`);
    const demos = messages
      .slice(0, -1)
      .filter(({ role }) => role === "user")
      .map(textOf);
    const named = steps === 2 ? /topic(?: ## \]\])?:?\s*(\w+)/.exec(user)?.[1] : undefined;
    const byTopic =
      (steps === 2 ? labelOf(named) : labelOf(row.topics.at(says(system, "last") ? -1 : 0))) ?? row.other;
    // A model that is asked to be inventive is sometimes right where it does not know why.
    const inspired = temperature > 0 && luck("inspired") < 0.25;
    let answer: Label = byTopic;
    if (row.kind === "last" && inspired) answer = row.label;
    if (row.kind === "code") answer = says(system, "code") || inspired ? row.label : row.other;
    if (row.kind === "jargon") {
      const known =
        examples === "alike"
          ? demos.some((demo) => demo.includes(jargon[row.label]))
          : demos.length >= 1 + Math.floor(share(`${row.id}/examples`) * 4);
      answer = known || inspired ? row.label : row.other;
    }
    if (row.kind === "unclear") answer = row.other;
    if (
      row.kind === "plain" &&
      harmful &&
      system.includes(harmfulSentence) &&
      share(`${row.id}/harm`) < 1 / 6
    )
      answer = row.other;
    return noise > 0 && share(`${row.id}/${system}/${demos.join()}`) < noise ? row.other : answer;
  }

  /** What the model that helps answers: whole instructions, or advice to add. */
  propose({ messages, rollout = 0 }: Request): string {
    const prompt = messages.map(textOf).join("\n");
    const luck = (what: string) => share(`${prompt}/${rollout}/${what}`);
    const chance = (pattern: RegExp) => {
      // What was expected of a row stands behind it; better runs beside worse tell a little less.
      const told = [...prompt.matchAll(pattern)].filter(({ index }) =>
        /^[^#]{0,900}?expected/.test(prompt.slice(index)),
      ).length;
      return told >= 2
        ? 0.5
        : told === 1
          ? 0.25
          : pattern.test(prompt) && prompt.includes("better")
            ? 0.25
            : 0.03;
    };
    const found = [
      ...(luck("last") < chance(/first the \w+, then the \w+/g) ? [rules.last] : []),
      ...(luck("code") < chance(/code [KMR]\d+/g) ? [rules.code] : []),
    ];
    const note = `Mind case ${Math.floor(luck("note") * 100_000)}.`;
    const stated = Object.values(rules).filter((rule) => prompt.includes(rule));
    const harm = prompt.includes(harmfulSentence) && luck("harm") < 0.85 ? [harmfulSentence] : [];
    const instructions = [...new Set([opening, ...harm, ...stated, ...found, note])].join(" ");
    const advice = [...found, note].join(" ");
    const paths = ["self", "name", "route"];
    const answers: Record<string, unknown> = {
      discussion: "the label is in the text",
      lessons: "the label is in the text",
      critique: "the label is in the text",
      step: this.options.steps === 2 ? (/code [KMR]\d/.test(prompt) ? "route" : "name") : "self",
      instructions,
      advice: Object.fromEntries(paths.map((path) => [path, advice])),
      observations: "messages to a help desk",
      complete: true,
      description: "routes messages",
      // As DSPy's strategies ask for it.
      new_instruction: instructions,
      proposed_instruction: instructions,
      proposed_prefix_for_output_field: "Label:",
      module_advice: { self: advice },
    };
    return sections(prompt, instructions, advice) ?? JSON.stringify(answers);
  }

  #row(seed: string): { text: string; label: Label } {
    const draw = (what: string) => number(`${seed}/${what}`);
    const label = labels[draw("label") % 5]!;
    const other = labels[(labels.indexOf(label) + 1 + (draw("other") % 4)) % 5]!;
    const filler = fillers[draw("filler") % fillers.length]!;
    const id = createHash("sha256").update(seed).digest("hex").slice(0, 6);
    let at = share(`${seed}/kind`);
    const kind = (Object.entries(this.options.shares) as [Kind, number][]).find(
      ([, part]) => (at -= part) < 0,
    )?.[0];
    const words: Record<Kind, string> = {
      plain: `the ${topics[label]} needs somebody`,
      last: `first the ${topics[other]}, then the ${topics[label]}`,
      code: `code ${"KMR"[draw("code") % 3]!}${draw("digits") % 90}, the ${topics[other]}`,
      jargon: `such a ${jargon[label]}`,
      unclear: `no idea ${id.split("").reverse().join("")}`,
    };
    return {
      text: `#${id}: ${words[kind ?? "plain"]}, ${filler}`,
      label: kind === "code" ? "account" : label,
    };
  }
}

interface ReadRow {
  id: string;
  kind: Kind;
  topics: string[];
  label: Label;
  /** A wrong answer. */
  other: Label;
}

/** What a message says, by itself alone. */
function read(user: string): ReadRow {
  const [, id = "", text = ""] = [...user.matchAll(/#([0-9a-f]{6}): ([^\n]*)/g)].at(-1) ?? [];
  const named = [...text.matchAll(/the (\w+)/g)].flatMap(([, word]) => (labelOf(word) ? [word!] : []));
  const word = labels.find((label) => text.includes(jargon[label]));
  const kind: Kind = text.includes("first the")
    ? "last"
    : text.includes("code ")
      ? "code"
      : word
        ? "jargon"
        : text.includes("no idea")
          ? "unclear"
          : "plain";
  const label = kind === "code" ? "account" : (word ?? labelOf(named.at(-1)) ?? "billing");
  const wrong = labels.filter((one) => one !== label);
  const guess = kind === "code" ? labelOf(named[0]) : undefined;
  const other = guess !== undefined && guess !== label ? guess : wrong[number(`${id}/guess`) % 4]!;
  return { id, kind, topics: named, label, other };
}

function labelOf(topic: string | undefined): Label | undefined {
  return labels.find((label) => topics[label] === topic);
}

function says(system: string, rule: keyof typeof rules): boolean {
  return system.includes(rules[rule]);
}

/** A reply in the form that DSPy asks for: sections under markers, or a block; undefined where JSON is asked for. */
function sections(prompt: string, instructions: string, advice: string): string | undefined {
  const asked = prompt.slice(prompt.lastIndexOf("Respond with the corresponding output fields"));
  if (asked.startsWith("Respond")) {
    const fields = [...asked.matchAll(/\[\[ ## (\w+) ## \]\]/g)].map(([, field]) => field!);
    const value = (field: string) =>
      field === "module_advice"
        ? JSON.stringify({ self: advice })
        : field.includes("instruction")
          ? instructions
          : field === "completed"
            ? ""
            : "COMPLETE";
    return fields.map((field) => `[[ ## ${field} ## ]]\n${value(field)}`).join("\n\n");
  }
  return prompt.includes("```") && !prompt.includes("JSON object")
    ? `\`\`\`\n${instructions}\n\`\`\``
    : undefined;
}

function counted(
  name: string,
  wait: number,
  reply: (request: Request) => FunctionReply,
): FunctionModel & { calls: number } {
  const model = Object.assign(
    new FunctionModel(
      async (request) => {
        model.calls++;
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
        return reply(request);
      },
      { name },
    ),
    { calls: 0 },
  );
  return model;
}

function textOf(message: { content: unknown } | undefined): string {
  return typeof message?.content === "string" ? message.content : JSON.stringify(message?.content ?? "");
}

function number(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE(0);
}

/** A number in [0, 1) that the text tells. */
function share(seed: string): number {
  return number(seed) / 2 ** 32;
}
