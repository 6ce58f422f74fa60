import { useQuery } from "@connectrpc/connect-query";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useProject } from "@/hooks/useProject";

/** Cohorts change rarely; a minute old is fresh enough for their names. */
const FRESH_MS = 60_000;

const NONE: Cohort[] = [];

/** The cohorts of the project, by name. */
export function useCohorts(enabled = true) {
  const { id } = useProject().project;
  const answer = useQuery(CohortService.method.listCohorts, { projectId: id }, { staleTime: FRESH_MS, enabled });
  return { cohorts: answer.data?.cohorts ?? NONE, loading: answer.isPending, error: answer.error };
}

/** What a person reads in place of a cohort's id; one that is gone is told by its id. */
export function cohortName(cohorts: readonly Cohort[], id: string): string {
  return cohorts.find((one) => one.id === id)?.name ?? id;
}
