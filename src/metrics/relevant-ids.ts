import { ConfigurationError } from "../core/index.ts";

/**
 * The documents that answer a question: their ids, or the grade of each by id, 0 for irrelevant. A table's cell may
 * hold the ids as one text, apart by `;`.
 */
export type RelevantIds = string | readonly string[] | Readonly<Record<string, number>> | null;

/** Grades above 0 by id; each id that has no grade of its own has 1. Throws ConfigurationError for anything else. */
export function gradesOf(relevant: unknown): Map<string, number> {
  if (relevant === null || relevant === undefined) return new Map();
  if (typeof relevant === "string") return gradesOf(relevant.split(";"));
  if (Array.isArray(relevant)) {
    const ids = relevant.map((id) => String(id).trim()).filter((id) => id !== "");
    return new Map(ids.map((id) => [id, 1]));
  }
  if (typeof relevant === "object") {
    const grades = Object.entries(relevant).map(([id, grade]) => [id, Number(grade)] as const);
    const wrong = grades.find(([, grade]) => !(Number.isFinite(grade) && grade >= 0));
    if (!wrong) return new Map(grades.filter(([, grade]) => grade > 0));
    throw new ConfigurationError(
      `the grade of "${wrong[0]}" is ${wrong[1]}; expected a number of at least 0`,
    );
  }
  throw new ConfigurationError(
    `the relevant ids are ${JSON.stringify(relevant)}; expected a list of ids, grades by id, or ids apart by ";"`,
  );
}

/** The ids of what a program retrieved, best first: of passages or other objects with an `id`, or ids themselves. */
export function idsOf(retrieved: unknown, name: string): string[] {
  if (!Array.isArray(retrieved)) {
    throw new ConfigurationError(
      `"${name}" is ${JSON.stringify(retrieved)}; expected a list of passages or ids`,
    );
  }
  return retrieved.map((item: unknown) => {
    if (typeof item === "string") return item;
    const id = typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
    if (typeof id === "string" || typeof id === "number") return String(id);
    throw new ConfigurationError(
      `"${name}" holds ${JSON.stringify(item)}, which has no id; expected passages or ids`,
    );
  });
}
