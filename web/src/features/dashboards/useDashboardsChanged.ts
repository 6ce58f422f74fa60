import { createConnectQueryKey } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";

/** Forgets what is known of dashboards, after one of them was changed. */
export function useDashboardsChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: createConnectQueryKey({ schema: DashboardService, cardinality: "finite" }) });
}
