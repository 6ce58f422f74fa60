import type { Cohort } from "@/gen/observe/reports/v1/cohort_service_pb";

/** Whether who is in it follows from a rule; else it is a fixed list. */
export function hasRule(cohort: Pick<Cohort, "rule">): boolean {
  return cohort.rule !== undefined && cohort.rule.conditions.length + cohort.rule.groups.length > 0;
}

/** The address of a cohort's page, below the project's. */
export function cohortPath(id: string): string {
  return `people/cohorts/${id}`;
}

export const COHORTS_PATH = "people?tab=cohorts";
