import { setting } from "../core/index.ts";
import type { PredictorCall } from "./state.ts";

const advice = setting<ReadonlyMap<object, string>>(new Map());

/** Runs `body`, in which each of these predictors is shown its advice beside its inputs. */
export function withAdvice<R>(texts: ReadonlyMap<object, string>, body: () => R): R {
  return advice.run(new Map([...advice.get(), ...texts]), body);
}

/**
 * The call with the predictor's advice as one more input, `hint_`, as DSPy names it. An input and not an instruction:
 * a model wrote it, in sight of what a user gave.
 */
export function advised(predictor: object, call: PredictorCall): PredictorCall {
  const text = advice.get().get(predictor);
  if (text === undefined) return call;
  return {
    ...call,
    signature: call.signature.appendInput("hint_", "str", "advice from an earlier try"),
    // A demo that lacks an input would be shown as one that lacks it.
    demos: call.demos.map((demo) => ({ ...demo, hint_: "none" })),
    inputs: { ...call.inputs, hint_: text },
  };
}
