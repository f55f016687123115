import { ContextVariable, listen, type Span } from "../core/index.ts";

/** A call within a program, as its caller may follow it: what began or ended, and nothing of what it was about. */
export interface Step {
  readonly id: number;
  readonly kind: "module" | "model" | "tool" | "retriever";
  readonly name: string;
  readonly state: "started" | "ended" | "failed";
  /** How long it took, once it is over. */
  readonly seconds?: number;
}

const followers = new ContextVariable<(step: Step) => void>();
let listening = false;

/** Runs `body` and tells `follow` of the calls within it, and of no others. */
export function followSteps<T>(follow: (step: Step) => void, body: () => T): T {
  if (!listening) {
    listening = true;
    listen(
      {
        start: (span) => followers.get()?.({ ...placeOf(span), state: "started" }),
        end: (span) =>
          followers.get()?.({
            ...placeOf(span),
            state: span.error === undefined ? "ended" : "failed",
            seconds: ((span.endedAt ?? span.startedAt) - span.startedAt) / 1000,
          }),
      },
      ["module", "model", "tool", "retriever"],
    );
  }
  return followers.run(follow, body);
}

function placeOf({ id, kind, name }: Span): Pick<Step, "id" | "kind" | "name"> {
  return { id, kind: kind as Step["kind"], name };
}
