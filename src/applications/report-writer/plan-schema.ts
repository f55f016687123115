import { createRequire } from "node:module";
import type { ZodSchema } from "../../signature/index.ts";
import {
  type ChartSpecification,
  type MeasureKind,
  type PlanFilter,
  planLimits,
  type ReportPlan,
} from "./plan.ts";
import { planProblems } from "./plan-problems.ts";
import { isGroupable, type ReportTable } from "./table.ts";

const comparisons = [
  "is",
  "is not",
  "above",
  "at least",
  "below",
  "at most",
  "contains",
] as const satisfies readonly PlanFilter["compare"][];
const measureKinds = [
  "count",
  "share",
  "mean",
  "median",
  "sum",
  "min",
  "max",
] as const satisfies readonly MeasureKind[];
const chartKinds = [
  "bar",
  "line",
  "scatter",
  "histogram",
] as const satisfies readonly ChartSpecification["kind"][];

/**
 * A plan for this table as a schema of zod. Its JSON schema names the table's columns, so that a model whose decoding is
 * constrained cannot name others; whatever came is then checked by {@link planProblems}, and its words are what the model
 * is shown when it is asked again.
 */
export function planSchema(table: ReportTable): ZodSchema<ReportPlan> {
  const { z } = createRequire(import.meta.url)("zod") as typeof import("zod");
  // As metadata and not as checks: they bound what is decoded, and planProblems says better what is wrong.
  const named = (names: readonly string[]) => z.string().meta(names.length > 0 ? { enum: [...names] } : {});
  const short = z.string().meta({ maxLength: 60 });
  const atMost = (maxItems: number) => ({ maxItems });
  const columns = [...table.columns.values()];
  const column = named(columns.map(({ name }) => name));
  const group = named(columns.filter(isGroupable).map(({ name }) => name));
  const filter = z.strictObject({
    column,
    compare: z.enum(comparisons),
    value: z.union([short, z.number()]),
  });
  const measure = z.strictObject({
    measure: z.enum(measureKinds),
    column: column.nullable(),
    value: short.nullable(),
  });
  const analysis = z.strictObject({
    filters: z.array(filter).meta(atMost(planLimits.filters)),
    groups: z.array(group).meta(atMost(planLimits.groups)),
    measures: z.array(measure).meta({ minItems: 1, ...atMost(planLimits.measures) }),
    order: z.strictObject({ by: short, descending: z.boolean() }).nullable(),
    top: z.number().meta({ type: "integer", minimum: 1, maximum: planLimits.rows }).nullable(),
    chart: z.strictObject({ kind: z.enum(chartKinds), x: short, y: short }).nullable(),
  });
  return z
    .strictObject({ analyses: z.array(analysis).meta({ minItems: 1, ...atMost(planLimits.analyses) }) })
    .superRefine((plan, context) => {
      const problems = planProblems(plan, table);
      if (problems.length > 0) context.addIssue({ code: "custom", message: problems.slice(0, 5).join(". ") });
    });
}
