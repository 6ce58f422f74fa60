import { useQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useForget } from "@/hooks/useForget";
import { sortMonitors } from "./monitorState";

/** How often what is shown is asked for again, in milliseconds: as often as the quickest monitor is checked. */
export const RENEW_MS = 10_000;
/** A list this long has tens of thousands of bars in it, and is renewed less often: how many monitors, and milliseconds. */
const MANY = 100;
const RENEW_MANY_MS = 30_000;

/** All monitors with their recent history, down ones first. */
export function useMonitors(projectId: string) {
  const answer = useQuery(MonitorService.method.listMonitors, { projectId }, {
    refetchInterval: ({ state }) => ((state.data?.monitors.length ?? 0) > MANY ? RENEW_MANY_MS : RENEW_MS),
  });
  const monitors = useMemo(() => answer.data && sortMonitors(answer.data.monitors), [answer.data]);
  return { answer, monitors };
}

/** Forgets every answer about monitors and incidents, after one was changed. */
export function useForgetMonitors(): () => Promise<void> {
  return useForget(MonitorService, IncidentService);
}
