import { ConfigurationError, RateLimitError, UnreachableError } from "../../core/index.ts";
import type { Lease, Member, MemberState } from "./member.ts";

/** What a call wants of a pool. */
export interface Want {
  /** Tokens it will take, for endpoints with a limit on them. */
  tokens: number;
  /** Texts of a batch: times are reckoned for one of them. Default 1. */
  size?: number | undefined;
  signal?: AbortSignal | undefined;
}

interface Waiter<T> {
  want: Want;
  tried: ReadonlySet<Member<T>>;
  admit: (lease: Lease<T>) => void;
  /** Turned away: those `tried` have become all. */
  refuse: () => void;
}

/**
 * Gives each call to the endpoint where it waits least: the time of a call there, times those under way with it
 * ("least loaded" with moving averages, as Finagle has it). All endpoints are looked at, not two drawn by lot (Mitzenmacher 2001): one
 * process knows exactly what is under way, and a draw of two could be of two bad ones. Endpoints that fail are left
 * alone for a while, then one call may try them. Calls that find every endpoint full wait in one queue.
 */
export class Pool<T> {
  readonly #members: readonly Member<T>[];
  readonly #waiting = new Set<Waiter<T>>();
  readonly #warned = new Set<Member<T>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(members: readonly Member<T>[]) {
    if (members.length === 0)
      throw new ConfigurationError("a pool of no endpoints was given; expected one or more");
    this.#members = members;
  }

  get states(): MemberState[] {
    return this.#members.map(({ state }) => state);
  }

  /**
   * Does `work` at one endpoint after another until one answers; each is asked once. Throws what the last of them
   * failed with, and at once what any endpoint would say.
   *
   * @param tried may be shared by two runs for one answer: neither goes where the other was.
   */
  async run<R>(
    want: Want,
    work: (member: Member<T>) => Promise<R>,
    tokensOf: (result: R) => number | undefined,
    tried = new Set<Member<T>>(),
  ): Promise<R> {
    let failure: Error | undefined;
    for (;;) {
      const lease = await this.enter(want, tried, failure);
      try {
        const result = await work(lease.member);
        this.release(lease, want, { tokens: tokensOf(result) });
        return result;
      } catch (error) {
        const another = this.release(lease, want, { error });
        tried.add(lease.member);
        if (!another || tried.size >= this.#members.length) throw error;
        failure = error as Error;
      }
    }
  }

  /**
   * Waits for a place at any endpoint but those `tried`. Every lease must be given to `release`. Throws `failure` where
   * those `tried` become all of them meanwhile.
   */
  enter(
    want: Want,
    tried: ReadonlySet<Member<T>>,
    failure: Error = new UnreachableError("every endpoint of the pool was asked, and none answered"),
  ): Promise<Lease<T>> {
    want.signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const { signal } = want;
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter<T> = {
        want,
        tried,
        admit: (lease) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(lease);
        },
        refuse: () => {
          signal?.removeEventListener("abort", onAbort);
          reject(failure);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#advance();
    });
  }

  /** Ends a call. True where another endpoint is worth asking. */
  release(
    lease: Lease<T>,
    { signal }: Want,
    outcome: { tokens: number | undefined } | { error: unknown },
  ): boolean {
    const another = "error" in outcome && this.#end(lease, outcome.error, signal);
    if (!("error" in outcome)) lease.succeed(outcome.tokens);
    this.#advance();
    return another;
  }

  /** True where nobody waits, and an endpoint other than those `tried` is well. */
  hasSpare(tried: ReadonlySet<Member<T>>): boolean {
    return (
      this.#waiting.size === 0 && this.#members.some((member) => !tried.has(member) && isHealthy(member))
    );
  }

  #end(lease: Lease<T>, error: unknown, signal: AbortSignal | undefined): boolean {
    if (signal?.aborted) lease.abandon();
    else if (error instanceof RateLimitError) lease.fail(error, false);
    else if (error instanceof UnreachableError) lease.fail(error, true);
    else if (error instanceof ConfigurationError) {
      lease.fail(error, true);
      this.#warn(lease.member, error);
    } else lease.decline();
    return (
      !signal?.aborted &&
      (error instanceof RateLimitError ||
        error instanceof UnreachableError ||
        error instanceof ConfigurationError)
    );
  }

  /** The others hide that one endpoint is set up wrongly: somebody must be told. */
  #warn(member: Member<T>, { message }: Error): void {
    if (this.#warned.has(member)) return;
    this.#warned.add(member);
    process.emitWarning(`an endpoint of the pool is left out: ${message}`);
  }

  #advance(): void {
    clearTimeout(this.#timer);
    for (const waiter of this.#waiting) {
      if (waiter.tried.size < this.#members.length) continue;
      this.#waiting.delete(waiter);
      waiter.refuse();
    }
    let soonest = Infinity;
    for (const waiter of this.#waiting) {
      const found = this.#choose(waiter);
      if (typeof found === "number") {
        soonest = Math.min(soonest, found);
        // Whoever may go anywhere finds no place; nobody behind does.
        if (waiter.tried.size === 0) break;
      } else {
        this.#waiting.delete(waiter);
        waiter.admit(found);
      }
    }
    if (soonest < Infinity) this.#timer = setTimeout(() => this.#advance(), Math.ceil(soonest));
  }

  /** A place at the best endpoint that has one; else the milliseconds until there may be one. */
  #choose({ want: { tokens, size = 1 }, tried }: Waiter<T>): Lease<T> | number {
    const open = this.#members.filter((member) => !tried.has(member));
    const returning = open.find(({ breaker }) => breaker.state !== "closed" && breaker.allows());
    if (returning) {
      const pass = returning.gate.tryEnter(tokens);
      if (typeof pass !== "number") return returning.begin(pass, size);
      returning.breaker.forget();
    }
    const healthy = open.filter(isHealthy);
    const now = performance.now();
    let soonest = Infinity;
    // Where none is well they are all asked: what is wrong may lie on our side.
    const ranked = (healthy.length > 0 ? healthy : open)
      .map((member) => ({ member, wait: member.expectedWait(now) }))
      .sort((a, b) => a.wait - b.wait);
    for (const { member } of ranked) {
      const pass = member.gate.tryEnter(tokens);
      if (typeof pass !== "number") return member.begin(pass, size);
      soonest = Math.min(soonest, pass);
    }
    return soonest;
  }
}

function isHealthy<T>({ breaker }: Member<T>): boolean {
  return breaker.state === "closed";
}
