import { CircuitBreaker, type CircuitBreakerOptions, ConfigurationError } from "../../core/index.ts";
import type { LimitOptions } from "../../lm/index.ts";
import { Gate, type Pass } from "../../lm/gate.ts";
import { Latency } from "./latency.ts";

/** How one endpoint of a pool is used. */
export interface MemberOptions {
  /** How much it takes, beside others as fast: one of weight 2 has twice as many calls under way. Default 1. */
  weight?: number | undefined;
  /** Limits of this endpoint alone. Default: none until it answers 429, which it is then slowed down by. */
  limits?: LimitOptions | undefined;
}

/** How an endpoint of a pool does. */
export interface MemberState {
  name: string;
  /** Calls that ended, well or not. */
  calls: number;
  /** Calls that another endpoint had to answer: outages, refusals by limit, wrong settings. */
  failures: number;
  underWay: number;
  /** Milliseconds of a call, as the choice reckons with it: failures count for long ones. */
  latency: number;
  /** `ejected`: it failed too often in a row and gets no calls, until one may try. */
  health: "healthy" | "ejected" | "trying";
}

/** Milliseconds for which a time counts. */
const memory = 10_000;

/** One endpoint of a pool, with what is known of it. */
export class Member<T> {
  readonly name: string;
  readonly resource: T;
  readonly weight: number;
  readonly gate: Gate;
  readonly breaker: CircuitBreaker;
  readonly #latency = new Latency(memory);
  readonly #underWay = new Set<number>();
  #calls = 0;
  #failures = 0;

  constructor(
    name: string,
    resource: T,
    { weight = 1, limits }: MemberOptions,
    breaker: CircuitBreakerOptions | undefined,
  ) {
    if (!(weight > 0 && weight < Infinity))
      throw new ConfigurationError(`invalid weight of "${name}": ${weight}, expected a number > 0`);
    this.name = name;
    this.resource = resource;
    this.weight = weight;
    this.gate = new Gate(limits ?? {});
    this.breaker = new CircuitBreaker({ failures: 3, seconds: 10, ...breaker });
  }

  get state(): MemberState {
    const { state } = this.breaker;
    return {
      name: this.name,
      calls: this.#calls,
      failures: this.#failures,
      underWay: this.#underWay.size,
      latency: this.#latency.read(performance.now()),
      health: state === "closed" ? "healthy" : state === "open" ? "ejected" : "trying",
    };
  }

  /** What a further call would have to wait for, in milliseconds: all that are under way, and itself. */
  expectedWait(now: number): number {
    const [oldest = now] = this.#underWay;
    // A call that has not come back tells that this endpoint takes at least so long.
    const latency = Math.max(this.#latency.read(now), now - oldest, 1);
    return (latency * (this.#underWay.size + 1)) / this.weight;
  }

  /** Begins a call that its gate let in. */
  begin(pass: Pass, size: number): Lease<T> {
    // Two calls of one instant are two entries of the set.
    let started = performance.now();
    while (this.#underWay.has(started)) started += 1e-3;
    this.#underWay.add(started);
    const end = (): { now: number; time: number } => {
      this.#underWay.delete(started);
      this.#calls++;
      const now = performance.now();
      return { now, time: Math.max(now - started, 0) / size };
    };
    return {
      member: this,
      succeed: (tokens) => {
        const { now, time } = end();
        this.#latency.observe(time, now);
        this.breaker.succeed();
        this.gate.leave(pass, tokens);
      },
      decline: () => {
        end();
        this.breaker.succeed();
        this.gate.leave(pass, undefined);
      },
      abandon: () => {
        const { now, time } = end();
        this.#latency.raise(time, now);
        this.breaker.forget();
        this.gate.leave(pass, undefined);
      },
      fail: (error, lasting) => {
        const { now, time } = end();
        this.#failures++;
        // However quickly it failed: the call has to be made again, and the next one may have to be as well.
        this.#latency.raise(Math.max(time, 1, this.#latency.read(now)) * 2, now);
        if (lasting) this.breaker.fail();
        else this.breaker.forget();
        this.gate.fail(pass, error);
      },
    };
  }
}

/** A call's place at an endpoint. Exactly one of the functions is to be called at its end. */
export interface Lease<T> {
  readonly member: Member<T>;
  /** It answered; `tokens` is what that took, where it is known. */
  succeed(tokens: number | undefined): void;
  /** It answered that it will not: the endpoint does its work. */
  decline(): void;
  /** Nobody waits for it any more. */
  abandon(): void;
  /** Another endpoint must answer. `lasting`: an outage rather than a limit. */
  fail(error: unknown, lasting: boolean): void;
}
