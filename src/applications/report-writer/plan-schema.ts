import { createRequire } from "node:module";
import type { ZodSchema } from "../../signature/index.ts";
import { chartKinds, comparisons, measureKinds, planLimits, type ReportPlan } from "./plan.ts";
import { planProblems } from "./plan-problems.ts";
import { isGroupable, type ReportTable } from "./table.ts";

/**
 * A plan for this table as a schema of zod. Its JSON schema names the table's columns, so that a model whose decoding is
 * constrained cannot name others; whatever came is then checked by {@link planProblems}, and its words are what the model
 * is shown when it is asked again.
 */
export function planSchema(table: ReportTable): ZodSchema<ReportPlan> {
  const { z } = createRequire(import.meta.url)("zod") as typeof import("zod");
  const named = (names: readonly string[]) => z.string().meta(names.length > 0 ? { enum: [...names] } : {});
  const columns = [...table.columns.values()];
  const column = named(columns.map(({ name }) => name));
  const group = named(columns.filter(isGroupable).map(({ name }) => name));
  return z
    .object({
      analyses: z
        .array(
          z.object({
            filters: z.array(
              z.object({ column, compare: z.enum(comparisons), value: z.union([z.string(), z.number()]) }),
            ),
            groups: z.array(group),
            measures: z.array(
              z.object({
                measure: z.enum(measureKinds),
                column: column.nullable(),
                value: z.string().nullable(),
              }),
            ),
            order: z.object({ by: z.string(), descending: z.boolean() }).nullable(),
            top: z.int().nullable(),
            chart: z.object({ kind: z.enum(chartKinds), x: z.string(), y: z.string() }).nullable(),
          }),
        )
        .meta({ minItems: 1, maxItems: planLimits.analyses }),
    })
    .superRefine((plan, context) => {
      const problems = planProblems(plan, table);
      if (problems.length > 0) context.addIssue({ code: "custom", message: problems.slice(0, 5).join(". ") });
    });
}
