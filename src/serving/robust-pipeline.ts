import type { AnySignature } from "../adapters/index.ts";
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  ConfigurationError,
  currentSpan,
  describeError,
  isOutage,
  LmframeError,
  RefusedError,
  UnreachableError,
} from "../core/index.ts";
import { callSettings, Module } from "../modules/index.ts";

type Outputs = Readonly<Record<string, unknown>>;

/** Options of {@link RobustPipeline}. */
export interface RobustPipelineOptions {
  /** Whether outputs will do. Default: their answer is longer than 10 characters and no apology. */
  valid?: ((outputs: Outputs, signature: AnySignature) => boolean) | undefined;
  /**
   * Whether outputs decline on purpose, and so stand. Default: `answered` is false, `refused` is true, or `refusal`
   * says something.
   */
  deliberate?: ((outputs: Outputs) => boolean) | undefined;
  /** Seconds each program may take. Default 30. */
  timeout?: number | undefined;
  breaker?: CircuitBreakerOptions | undefined;
}

/** Why a program's answer was not taken. */
export type FallbackReason = "invalid" | "timeout" | "error" | "open";

/** One program that was passed over. */
export interface Fallback {
  /** Its place in the chain, from 0. */
  readonly program: number;
  readonly reason: FallbackReason;
  /** The name of the error, where there was one. */
  readonly error?: string;
}

/** How often which program answered, and why others did not. */
export interface RobustCounts {
  calls: number;
  /** Calls each program of the chain answered. */
  answered: number[];
  /** Calls that none answered. */
  unanswered: number;
  /** Answers not taken, by reason. */
  fallbacks: Record<FallbackReason, number>;
}

/** No program of a chain gave an answer that will do. */
export class UnansweredError extends LmframeError {
  override name = "UnansweredError";
}

/**
 * A chain of programs for one task: where the first is down, too slow, or gives no answer that will do, the next is
 * asked. One that keeps failing is left alone for a while. An abstention or a refusal on purpose is an answer, and
 * nobody else is asked; so is what an endpoint's filter declines (RefusedError), which is thrown on.
 *
 * The span of a call tells `answeredBy` and `fallbacks`; {@link RobustPipeline.counts} adds them up, over copies of the
 * program too.
 *
 * ```ts
 * const robust = new RobustPipeline([careful, quick, new FromTheHandbook()], { timeout: 10 });
 * ```
 */
export class RobustPipeline extends Module {
  readonly programs: readonly Module[];
  // Of classes of their own: what functions hold would be refused by `with`, and counts are of all copies.
  private readonly rules: Rules;
  private readonly record: RunningRecord;

  /** Throws ConfigurationError where there is no program. */
  constructor(programs: readonly Module[], options: RobustPipelineOptions = {}) {
    super();
    if (programs.length === 0)
      throw new ConfigurationError("a chain of no programs was given; expected one or more");
    this.programs = programs;
    this.rules = new Rules(options);
    this.record = new RunningRecord(programs.length, options.breaker);
  }

  override get signature(): AnySignature {
    return this.programs[0]!.signature;
  }

  /** What happened so far. */
  counts(): RobustCounts {
    return structuredClone(this.record.counts);
  }

  async forward(inputs: Outputs): Promise<Outputs> {
    const { counts, breakers } = this.record;
    const fallbacks: Fallback[] = [];
    const errors: unknown[] = [];
    const note = (fallback: Fallback) => {
      fallbacks.push(fallback);
      counts.fallbacks[fallback.reason]++;
    };
    counts.calls++;
    const span = currentSpan();
    try {
      for (const [place, program] of this.programs.entries()) {
        const breaker = breakers[place]!;
        if (!breaker.allows()) {
          note({ program: place, reason: "open" });
          continue;
        }
        try {
          const outputs = await withinTime(program, inputs, this.rules.timeout);
          breaker.succeed();
          if (this.rules.stands(outputs, program)) {
            counts.answered[place]!++;
            if (span) span.attributes.answeredBy = place;
            return outputs;
          }
          note({ program: place, reason: "invalid" });
        } catch (error) {
          // The caller has gone, or an endpoint declined on purpose: nobody else is asked.
          const given = callSettings().signal?.aborted === true;
          if (given || error instanceof RefusedError) {
            breaker.forget();
            throw error;
          }
          // A caller's own mistake closes the program to nobody else.
          if (error instanceof ConfigurationError) breaker.forget();
          else if (isOutage(error)) breaker.fail();
          else breaker.succeed();
          errors.push(error);
          const { name } = describeError(error);
          note({ program: place, reason: name === "TimeoutError" ? "timeout" : "error", error: name });
        }
      }
      throw unanswered(fallbacks, errors);
    } catch (error) {
      counts.unanswered++;
      throw error;
    } finally {
      if (span) span.attributes.fallbacks = fallbacks;
    }
  }
}

class RunningRecord {
  readonly counts: RobustCounts;
  readonly breakers: readonly CircuitBreaker[];

  constructor(programs: number, breaker: CircuitBreakerOptions | undefined) {
    this.counts = {
      calls: 0,
      answered: Array.from({ length: programs }, () => 0),
      unanswered: 0,
      fallbacks: { invalid: 0, timeout: 0, error: 0, open: 0 },
    };
    this.breakers = Array.from({ length: programs }, () => new CircuitBreaker(breaker));
  }
}

class Rules {
  readonly timeout: number;
  readonly #valid: NonNullable<RobustPipelineOptions["valid"]>;
  readonly #deliberate: NonNullable<RobustPipelineOptions["deliberate"]>;

  constructor({ valid = answers, deliberate = declines, timeout = 30 }: RobustPipelineOptions) {
    this.timeout = timeout;
    this.#valid = valid;
    this.#deliberate = deliberate;
  }

  stands(outputs: Outputs, { signature }: Module): boolean {
    return this.#deliberate(outputs) || this.#valid(outputs, signature);
  }
}

/** The outputs, or a TimeoutError. A program that ignores its signal runs on, and nobody waits for it. */
async function withinTime(program: Module, inputs: Outputs, seconds: number): Promise<Outputs> {
  const controller = new AbortController();
  const outer = callSettings().signal;
  const leave = () => controller.abort(outer?.reason);
  if (outer?.aborted) leave();
  outer?.addEventListener("abort", leave);
  const timer = setTimeout(
    () => controller.abort(new DOMException(`took longer than ${seconds} s`, "TimeoutError")),
    seconds * 1000,
  );
  const { signal } = controller;
  const ended = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([program.call(inputs as never, { signal }) as Promise<Outputs>, ended]);
  } catch (error) {
    // What was aborted fails in its own words; why it was is what counts.
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", leave);
  }
}

function declines({ answered, refused, refusal }: Outputs): boolean {
  return answered === false || refused === true || (typeof refusal === "string" && refusal.trim() !== "");
}

const apology =
  /^\W*((i am|i['’]m|we are|we['’]re) (very |so |really |truly )?sorry|sorry\b|(i|we) (sincerely )?apologi[sz]e|(my|our) (sincere )?apologies|apologies|unfortunately,? (i|we) (can ?not|can['’]t|am|are|do|don['’]t)|as an ai\b)/i;

/** Longer than 10 characters and no apology. A program that gives no text has nothing to look at. */
function answers(outputs: Outputs, signature: AnySignature): boolean {
  const texts = signature.outputs.filter(({ name, type }) => type.kind === "string" && name !== "reasoning");
  const field = texts.find(({ name }) => name === "answer" || name === "response") ?? texts[0];
  if (!field) return true;
  const answer = outputs[field.name];
  return typeof answer === "string" && answer.trim().length > 10 && !apology.test(answer.trim());
}

function unanswered(fallbacks: readonly Fallback[], errors: readonly unknown[]): unknown {
  const [only] = errors;
  const same =
    errors.length === fallbacks.length && errors.every((error) => error instanceof ConfigurationError);
  if (only !== undefined && (same || fallbacks.length === 1)) return only;
  const told = fallbacks.map(({ program, reason, error }) => `${program + 1}: ${error ?? reason}`).join(", ");
  // Not an outage where any answer came: a chain whose answers will not do is at fault itself.
  const message = `no program of the chain gave an answer that will do (${told})`;
  const cause = new AggregateError(errors, message);
  return errors.every(isOutage) && fallbacks.every(({ reason }) => reason !== "invalid")
    ? new UnreachableError(message, { cause })
    : new UnansweredError(message, { cause });
}
