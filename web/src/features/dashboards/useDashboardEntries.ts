import { useQuery } from "@connectrpc/connect-query";
import { cohortPath } from "@/features/cohorts/cohort";
import { CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useProject } from "@/hooks/useProject";

/** How long the palette's lists count as fresh, in milliseconds. */
const FRESH_MS = 60_000;

interface Entry {
  id: string;
  name: string;
  to: string;
}

/** What the palette finds by name once something is typed: dashboards and cohorts. */
export function useDashboardEntries(text: string): { dashboards: readonly Entry[]; cohorts: readonly Entry[] } {
  const { project, path } = useProject();
  const enabled = text.trim() !== "";
  const dashboards = useQuery(DashboardService.method.listDashboards, { projectId: project.id }, { staleTime: FRESH_MS, enabled });
  const cohorts = useQuery(CohortService.method.listCohorts, { projectId: project.id }, { staleTime: FRESH_MS, enabled });
  if (!enabled) return { dashboards: [], cohorts: [] };
  return {
    dashboards: (dashboards.data?.dashboards ?? []).map(({ id, name }) => ({ id, name, to: path(`dashboards/${id}`) })),
    cohorts: (cohorts.data?.cohorts ?? []).map(({ id, name }) => ({ id, name, to: path(cohortPath(id)) })),
  };
}
