import { create as message } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { readError } from "@/api/errors";
import { DashboardSchema, DashboardService, DashboardTileSchema, DashboardTile_Width as Width } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";

/** How often a dashboard is read again when somebody else changed it in between. */
const TRIES = 3;

/** Where an insight is put: on a dashboard, or on a new one. */
export type Destination = { dashboardId: string } | { newName: string };

/** The dashboards of the project, by name. */
export function useDashboards() {
  const { project } = useProject();
  const { data, isPending } = useQuery(DashboardService.method.listDashboards, { projectId: project.id });
  return { dashboards: data?.dashboards ?? [], loading: isPending };
}

/** Puts an insight at the end of a dashboard, and answers the dashboard's name. */
export function useAddToDashboard(): (savedInsightId: string, to: Destination) => Promise<{ id: string; name: string }> {
  const { project } = useProject();
  const forget = useForget(DashboardService);
  const dashboards = createClient(DashboardService, useTransport());
  const projectId = project.id;
  return async (savedInsightId, to) => {
    const tile = message(DashboardTileSchema, { content: { case: "savedInsightId", value: savedInsightId }, width: Width.HALF });
    let dashboard;
    if ("newName" in to) {
      dashboard = (await dashboards.createDashboard({ projectId, dashboard: { name: to.newName, tiles: [tile] } })).dashboard;
    } else {
      for (let tried = 1; dashboard === undefined; tried += 1) {
        const found = (await dashboards.getDashboard({ projectId, dashboardId: to.dashboardId })).dashboard ?? message(DashboardSchema);
        try {
          dashboard = (await dashboards.updateDashboard({ projectId, dashboard: { ...found, tiles: [...found.tiles, tile] } })).dashboard;
        } catch (thrown) {
          // Somebody else changed it in between; what they did is kept.
          if (tried >= TRIES || readError(thrown).kind !== "conflict") throw thrown;
        }
      }
    }
    await forget();
    return { id: dashboard?.id ?? "", name: dashboard?.name ?? "" };
  };
}
