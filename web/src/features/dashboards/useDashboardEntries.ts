import { useQuery } from "@connectrpc/connect-query";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useProject } from "@/hooks/useProject";

/** How long the list of the palette counts as fresh, in milliseconds. */
const FRESH_MS = 60_000;

/** Dashboards for the palette, once something is typed. */
export function useDashboardEntries(text: string): { id: string; name: string; to: string }[] {
  const { project, path } = useProject();
  const enabled = text.trim() !== "";
  const { data } = useQuery(DashboardService.method.listDashboards, { projectId: project.id }, { staleTime: FRESH_MS, enabled });
  return enabled ? (data?.dashboards ?? []).map(({ id, name }) => ({ id, name, to: path(`dashboards/${id}`) })) : [];
}
