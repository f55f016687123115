import { type Adapter, type AnySignature, chooseAdapter, jsonAdapter } from "../../adapters/index.ts";
import { viewed } from "../../adapters/viewed.ts";
import {
  ConfigurationError,
  describeError,
  isUnreadable,
  LmframeError,
  ModelError,
  redact,
  RefusedError,
  TooLongError,
  UnreachableError,
} from "../../core/index.ts";
import { Deadline } from "../../lm/deadline.ts";
import type { Message } from "../../lm/index.ts";
import {
  type CheckedSpec,
  type InputsOf,
  type OutputsOf,
  type SignatureSource,
  signature as readSignature,
} from "../../signature/index.ts";
import { callSettings, type CallSettings, withCallSettings } from "../call-settings.ts";
import { ChainOfThought } from "../chain-of-thought.ts";
import { Module } from "../module.ts";
import { Predict } from "../predict.ts";
import { checkSeconds, type Tool } from "../tools/tool.ts";
import { untilAborted } from "../tools/until-aborted.ts";
import { nativeStep } from "./native-step.ts";
import { lengthOf, shortened } from "./shorten.ts";
import {
  answerSignature,
  finish,
  observationOf,
  plainInputs,
  type PlannedCall,
  plannedCalls,
  stepSchema,
  stepSignature,
  trajectoryText,
  withToolList,
} from "./step.ts";
import { clip, keepTrajectory, type Step, type Trajectory, trajectoryOfSteps } from "./trajectory.ts";

/** The tools and the limits of a {@link ReAct}. */
export interface ReActOptions {
  tools: readonly Tool[];
  /** Steps after which the answer is drawn from what there is. Default 20, as in DSPy. */
  maxSteps?: number | undefined;
  /**
   * Seconds after which what runs is aborted, and the answer is drawn from what there is; that may take as long
   * again. Default 600. The limit of one call of a tool is the tool's own.
   */
  maxSeconds?: number | undefined;
  /** Characters kept of an observation, from its start and its end. Default 8,000. */
  maxObservation?: number | undefined;
}

type Outputs = Record<string, unknown>;

/** A run under way. */
interface Run {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly steps: Step[];
  /** Characters of the trajectory that fit into the prompt, as far as is known. */
  room: number;
}

/** Calls made at once in a step; a reply may ask for any number. */
const mostCalls = 16;

/** After this many steps in a row that were alike, so will be those to come. */
const mostRepeats = 3;

/**
 * An agent: a step thinks and calls tools, sees what they gave, and so on until it finishes; then the outputs are
 * drawn from the trajectory (Yao et al. 2022, https://arxiv.org/abs/2210.03629). Predictors and fields are those of
 * DSPy's ReAct (`react`, `extract.predict`), whose saved programs load.
 *
 * Calls of one step run side by side. They are the endpoint's own tool calls where it has them, else text; a call's
 * `adapter`, where one is set, has text as well. What a tool throws, arguments that do not fit, and a step that
 * cannot be read are observations, never the end; three steps in a row with the same calls and the same outcomes end
 * the run, as the limits do, with an answer. Where the prompt grows too long, the oldest observations are shortened in it, and the
 * trajectory stays whole.
 *
 * The outputs are those of the signature, with `reasoning` and `trajectory`. A run that throws (the model cannot be
 * reached, the answer cannot be read, the call was aborted) has its trajectory under `trajectoryOf(error)`.
 */
export class ReAct<S extends SignatureSource = AnySignature> extends Module {
  readonly react: Predict;
  readonly extract: ChainOfThought;
  readonly tools: readonly Tool[];
  readonly maxSteps: number;
  readonly maxSeconds: number;
  readonly maxObservation: number;
  // A signature is no part of a program, so that a copy refers to it.
  private readonly declared: AnySignature;

  /**
   * @throws ConfigurationError for tools of one name, or none, and for limits that are none.
   */
  constructor(source: CheckedSpec<S>, options: ReActOptions) {
    super();
    const { tools, maxSteps = 20, maxSeconds = 600, maxObservation = 8_000 } = options;
    this.declared = readSignature(source as never) as AnySignature;
    checkTools(tools);
    this.tools = [...tools];
    this.maxSteps = atLeastOne(maxSteps, "maxSteps");
    this.maxSeconds = checkSeconds(maxSeconds, "maxSeconds");
    this.maxObservation = atLeastOne(maxObservation, "maxObservation");
    this.react = new Predict<AnySignature>(stepSignature(this.declared, this.tools));
    this.extract = new ChainOfThought<AnySignature>(answerSignature(this.declared));
  }

  override get signature(): AnySignature {
    return this.declared;
  }

  /** The exact messages of the first step with these inputs, without sending them. */
  prompt(inputs: InputsOf<S>, settings?: CallSettings): Message[] {
    return withCallSettings(settings, () => {
      const given = plainInputs(this.declared, inputs as Record<string, unknown>);
      return this.react.prompt({ ...given, trajectory: "" }, { adapter: this.stepAdapter([]) });
    });
  }

  async forward(inputs: InputsOf<S>): Promise<OutputsOf<S> & { reasoning: string; trajectory: Trajectory }> {
    const given = plainInputs(this.declared, inputs as Record<string, unknown>);
    const run: Run = { inputs: given, steps: [], room: Infinity };
    try {
      await this.act(run);
      const outputs = await this.conclude(run);
      return {
        ...(outputs as OutputsOf<S> & { reasoning: string }),
        trajectory: trajectoryOfSteps(run.steps),
      };
    } catch (error) {
      keepTrajectory(error, trajectoryOfSteps(run.steps));
      throw error;
    }
  }

  /** Makes steps until one finishes, or a limit is reached. */
  private async act(run: Run): Promise<void> {
    const outer = callSettings().signal;
    const deadline = new Deadline(this.maxSeconds, outer);
    try {
      for (let number = 1; number <= this.maxSteps && !deadline.signal.aborted; number++) {
        const calls = await this.step(run, number, deadline);
        run.steps.push(...calls);
        if (calls.some(({ tool }) => tool === finish) || repeats(run.steps)) break;
      }
    } catch (error) {
      // Of a prompt that is too long even so, the one for the answer may still fit.
      const ends = deadline.expired || (error instanceof TooLongError && run.steps.length > 0);
      if (!ends || outer?.aborted) throw error;
    } finally {
      deadline.end();
    }
    outer?.throwIfAborted();
  }

  private async step(run: Run, number: number, deadline: Deadline): Promise<Step[]> {
    const started = performance.now();
    let thought = "";
    let calls: PlannedCall[];
    try {
      const outputs = await untilAborted(this.plan(run, deadline.signal), deadline.signal);
      thought = outputs.next_thought as string;
      calls = plannedCalls(outputs);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const observation = clip(`This step could not be read: ${error.message}.`, this.maxObservation);
      return [{ ...failure(error, observation, started), step: number, thought, tool: null, args: {} }];
    }
    return Promise.all(
      calls.map(async ({ tool, args }, index) => {
        const begun = performance.now();
        const call = { step: number, thought, tool, args };
        try {
          if (index >= mostCalls)
            throw new LmframeError(`not called: a step makes ${mostCalls} calls at most`);
          const observation = await this.observe({ tool, args }, deadline);
          return { ...call, observation, seconds: secondsSince(begun) };
        } catch (error) {
          const { message } = describeError(error);
          const text = deadline.expired ? `the time of the run (${this.maxSeconds} s) was up` : message;
          return { ...call, ...failure(error, clip(`Error: ${redact(text)}`, this.maxObservation), begun) };
        }
      }),
    );
  }

  private async observe({ tool: name, args }: PlannedCall, { signal }: Deadline): Promise<string> {
    if (name === finish) return "Finished.";
    const tool = this.tools.find((known) => known.name === name)!;
    return observationOf(await tool.call(args, { signal }), this.maxObservation);
  }

  /** The next step, as the model has it. */
  private plan(run: Run, signal: AbortSignal): Promise<Outputs> {
    return this.fitting(run, async (steps): Promise<Outputs> => {
      const inputs = { ...run.inputs, trajectory: trajectoryText(steps) };
      const ask = () =>
        this.react.call(inputs, { adapter: this.stepAdapter(steps), signal }) as Promise<Outputs>;
      const native = this.isNative;
      try {
        return await ask();
      } catch (error) {
        const { abilities } = this.react.modelFor() ?? {};
        if (!native || !abilities || !lacksTools(error, abilities.tools)) throw error;
        // Found out once, as with schemas: from now on this model is asked in text.
        abilities.tools = false;
        return ask();
      }
    });
  }

  /** Draws the outputs from the trajectory. */
  private async conclude(run: Run): Promise<Outputs> {
    const deadline = new Deadline(this.maxSeconds, callSettings().signal);
    const { signal } = deadline;
    const ask = (steps: readonly Step[]) =>
      this.extract.call({ ...run.inputs, trajectory: trajectoryText(steps) }, { signal }) as Promise<Outputs>;
    try {
      return await untilAborted(this.fitting(run, ask), signal);
    } catch (error) {
      if (!deadline.expired) throw error;
      throw new UnreachableError(`the model drew no answer from the trajectory within ${this.maxSeconds} s`, {
        cause: error,
      });
    } finally {
      deadline.end();
    }
  }

  /** Asks with as much of the trajectory as fits: half of it, wherever the prompt was too long. */
  private async fitting<T>(run: Run, ask: (steps: readonly Step[]) => Promise<T>): Promise<T> {
    for (;;) {
      const shown = shortened(run.steps, run.room);
      try {
        return await ask(shown);
      } catch (error) {
        const length = lengthOf(shown);
        const least = lengthOf(shortened(run.steps, 0));
        if (!(error instanceof TooLongError) || length <= least) throw error;
        run.room = Math.max(least, Math.floor(length / 2));
      }
    }
  }

  private get isNative(): boolean {
    return callSettings().adapter === undefined && this.react.modelFor()?.abilities.tools !== false;
  }

  private stepAdapter(steps: readonly Step[]) {
    const model = this.react.modelFor();
    if (this.isNative) return nativeStep(this.tools, steps, model?.abilities.tools === true);
    const adapter = callSettings().adapter ?? (model ? chooseAdapter(model) : jsonAdapter);
    return textStep(adapter, this.tools);
  }
}

/** A step in text: `adapter`, with the tools in the prompt and, where it constrains, in the schema. */
function textStep(adapter: Adapter, tools: readonly Tool[]): Adapter {
  return {
    ...viewed(adapter, (signature) => withToolList(signature, tools)),
    constraint(signature) {
      const { responseFormat } = adapter.constraint(signature);
      return responseFormat ? { responseFormat: { ...responseFormat, schema: stepSchema(tools) } } : {};
    },
  };
}

function failure(error: unknown, observation: string, started: number) {
  const { name, message } = describeError(error);
  return { observation, error: `${name}: ${clip(redact(message), 500)}`, seconds: secondsSince(started) };
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

/** True where the last steps were all alike: the same calls with the same outcomes, or none that could be read. */
function repeats(steps: readonly Step[]): boolean {
  const groups = new Map<number, unknown[]>();
  for (const { step, tool, args, observation } of steps) {
    const call = tool === null ? null : [tool, args, observation];
    groups.set(step, [...(groups.get(step) ?? []), call]);
  }
  const last = [...groups.values()].slice(-mostRepeats).map((group) => JSON.stringify(group));
  return last.length === mostRepeats && new Set(last).size === 1;
}

/** True where an endpoint, asked for tool calls, shows that it has none. */
function lacksTools(error: unknown, known: boolean | undefined): boolean {
  if (isUnreadable(error)) return known !== true;
  if (error instanceof RefusedError) return /\btools?\b|tool_choice|function.?call/i.test(error.message);
  // llama.cpp's server answers so with status 500 where it was started without --jinja.
  return error instanceof ModelError && /\btools param\b|--jinja/.test(error.message);
}

function checkTools(tools: readonly Tool[]): void {
  if (tools.length === 0) {
    throw new ConfigurationError("an agent needs a tool; a step without tools is a ChainOfThought");
  }
  const names = new Set([finish]);
  for (const { name } of tools) {
    if (names.has(name)) {
      throw new ConfigurationError(
        name === finish
          ? `a tool is named "${finish}", which is the tool that ends a run; name it otherwise`
          : `two tools are named "${name}"; each needs a name of its own`,
      );
    }
    names.add(name);
  }
}

function atLeastOne(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigurationError(`invalid ${name}: ${value}; expected a whole number, at least 1`);
}
