import type { Module } from "../../src/modules/index.ts";

/** What the program gives when it is called here, as a served one would spell it. */
export async function calledHere(
  program: Module,
  rows: readonly object[],
): Promise<Record<string, unknown>[]> {
  return Promise.all(
    rows.map(async (row) => {
      try {
        const outputs: unknown = await program.call(row);
        return { ...(outputs as object), error: null };
      } catch (error) {
        const none = Object.fromEntries(program.signature.outputs.map(({ name }) => [name, null]));
        return { ...none, error: `${(error as Error).name}: ${(error as Error).message}` };
      }
    }),
  );
}

/** Rows without the number of the process that answered them. */
export const withoutProcess = (rows: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  rows.map(({ process: _, ...row }) => row);
