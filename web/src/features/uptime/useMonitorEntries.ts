import { useQuery } from "@connectrpc/connect-query";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";

/** How long the palette's list of monitors counts as fresh, in milliseconds. */
const FRESH_MS = 60_000;

export interface Entry {
  id: string;
  name: string;
  to: string;
}

/** What uptime adds to the palette: the monitors by name once something is typed, and what can be made. */
export function useMonitorEntries(text: string): { monitors: readonly Entry[]; actions: readonly Entry[] } {
  const { project, path, membership } = useProject();
  const answer = useQuery(MonitorService.method.listMonitors, { projectId: project.id }, { staleTime: FRESH_MS });
  const isTyped = text.trim() !== "";
  const monitors = (isTyped ? (answer.data?.monitors ?? []) : []).flatMap(({ monitor }) =>
    monitor ? [{ id: monitor.id, name: monitor.name, to: path(`uptime/${monitor.id}`) }] : [],
  );
  const actions = [
    { id: "incidents", name: "Go to incidents", to: path("incidents") },
    ...(mayChange(membership.role)
      ? [
          { id: "new-monitor", name: "New monitor", to: path("uptime/new") },
          { id: "new-heartbeat", name: "New heartbeat monitor", to: path("uptime/new?kind=heartbeat") },
        ]
      : []),
  ];
  return { monitors, actions };
}
