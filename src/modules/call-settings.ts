import type { Adapter } from "../adapters/adapter.ts";
import { setting } from "../core/index.ts";
import { currentLM } from "../lm/index.ts";
import type { CallOptions, LanguageModel, LMRequest } from "../lm/request.ts";
import type { Principal } from "./retriever.ts";

/** Request members a predictor or a call may set beside the messages. */
export type RequestSettings = Pick<
  LMRequest,
  | "temperature"
  | "topP"
  | "maxTokens"
  | "stop"
  | "seed"
  | "topLogprobs"
  | "reasoningEffort"
  | "rollout"
  | "extra"
>;

/**
 * What holds for one call of a program and everything it calls in turn. A predictor's own model and adapter come
 * before these; its own request members come after them.
 */
export interface CallSettings extends RequestSettings {
  lm?: LanguageModel | undefined;
  adapter?: Adapter | undefined;
  /** False: no answer is taken from or put into the cache. */
  cache?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Tokens that a conversation may have in a prompt; its newest turns are kept. Default: all of them. */
  historyTokens?: number | undefined;
  /** On whose behalf searches run. Whoever serves a program sets it; no input of a program can. */
  principal?: Principal | undefined;
}

const current = setting<CallSettings>({});

/** The settings in force here. */
export function callSettings(): CallSettings {
  return current.get();
}

/** The settings that a model sees, apart: the members of its request, and what the call takes beside it. */
export function forModel(settings: CallSettings): { members: RequestSettings; options: CallOptions } {
  const {
    lm: _lm,
    adapter: _adapter,
    historyTokens: _historyTokens,
    principal,
    cache,
    signal,
    ...members
  } = settings;
  // Groups, not persons: those who see the same documents may share answers.
  const audience = principal && JSON.stringify([...new Set(principal.groups)].sort());
  return { members, options: { cache, signal, audience } };
}

/** Runs `body` with `settings` over those already in force. */
export function withCallSettings<R>(settings: CallSettings | undefined, body: () => R): R {
  return settings === undefined ? body() : current.run({ ...current.get(), ...settings }, body);
}

/**
 * Sets the defaults of the process: the model and adapter of every call that names none, and request members.
 * Members that are not given stay as they are.
 */
export function configure(settings: CallSettings): void {
  current.set({ ...current.get(), ...settings });
}

/**
 * Rows to run at once where nobody said: as many as the model in force answers at once, else 16. Rows that wait for
 * the model would only look slow.
 */
export function rowsAtOnce({ lm }: Pick<CallSettings, "lm">): number {
  return (lm ?? current.get().lm ?? currentLM.get())?.concurrency ?? 16;
}
