import type { AnySignature, Demo } from "../adapters/index.ts";
import type { FieldType } from "../signature/index.ts";
import { digest } from "./candidate.ts";
import type { Study } from "./study.ts";
import { exceedsTokens } from "./token-cap.ts";

/** Tokens that a demo may have where a strategy says nothing. */
const mostTokens = 4000;

interface DemoCap {
  most: number;
  /** Demos that were refused, so that the journal says so once for each. */
  readonly refused: Set<string>;
}

const caps = new WeakMap<Study, DemoCap>();

/** Sets how many tokens a demo may have that the strategies of a study make. Default 4,000. */
export function capDemos(study: Study, most = mostTokens): void {
  caps.set(study, { most, refused: new Set() });
}

/**
 * The demos for the predictor at `path` that the cap of the study allows; the journal names the others with the reason.
 * A demo is counted as JSON, without images and other media, which are no text.
 */
export function cappedDemos(study: Study, path: string, demos: readonly Demo[]): Demo[] {
  if (!caps.has(study)) capDemos(study);
  const { most, refused } = caps.get(study)!;
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
  const media = new Set(fields.filter(({ type }) => holdsMedia(type)).map(({ name }) => name));
  return JSON.stringify(Object.fromEntries(Object.entries(values).filter(([name]) => !media.has(name))));
}

function holdsMedia(type: FieldType): boolean {
  switch (type.kind) {
    case "media":
      return true;
    case "list":
      return holdsMedia(type.item);
    case "record":
      return holdsMedia(type.value);
    case "optional":
      return holdsMedia(type.inner);
    case "union":
      return type.options.some(holdsMedia);
    case "object":
      return type.fields.some((property) => holdsMedia(property.type));
    default:
      return false;
  }
}
