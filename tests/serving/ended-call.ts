/** A call of a program that ended, as listeners hear of it. */
export const endedCall = (seconds: number, error?: Error) =>
  ({
    kind: "module",
    parent: undefined,
    attributes: {},
    startedAt: 0,
    endedAt: seconds * 1000,
    ...(error && { error }),
  }) as never;
