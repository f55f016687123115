import type { AnySignature, Demo } from "../adapters/index.ts";
import { someType } from "../signature/index.ts";
import { digest } from "./candidate.ts";
import type { Study } from "./study.ts";
import { exceedsTokens } from "./token-cap.ts";

/** Demos that a study refused, so that its journal says so once for each. */
const refusals = new WeakMap<Study, Set<string>>();

/**
 * The demos for the predictor at `path` that the cap of the study allows; the journal names the others with the reason.
 * A demo is counted as JSON, without images and other media, which are no text.
 */
export function cappedDemos(study: Study, path: string, demos: readonly Demo[]): Demo[] {
  const refused = refusals.get(study) ?? new Set();
  refusals.set(study, refused);
  const most = study.maxDemoTokens;
  const { signature } = study.program.predictors().get(path)!;
  return demos.filter((demo) => {
    const text = textOf(signature, demo);
    if (!exceedsTokens(text, most)) return true;
    const key = digest([path, text]);
    if (!refused.has(key)) {
      refused.add(key);
      study.decide("refuse", { predictor: path, reason: `a demo has more than ${most} tokens`, demo: key });
    }
    return false;
  });
}

function textOf({ fields }: AnySignature, { augmented: _, ...values }: Demo): string {
  const media = new Set(
    fields.filter(({ type }) => someType(type, ({ kind }) => kind === "media")).map(({ name }) => name),
  );
  return JSON.stringify(Object.fromEntries(Object.entries(values).filter(([name]) => !media.has(name))));
}
