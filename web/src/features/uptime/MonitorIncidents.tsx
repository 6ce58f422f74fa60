import { useQuery } from "@connectrpc/connect-query";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck } from "@/components/icons";
import { IncidentTable } from "@/features/incidents/IncidentTable";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import { useProject } from "@/hooks/useProject";
import { RENEW_MS } from "./useMonitors";

/** The latest incidents of one monitor are enough here; all are on their own page. */
const SHOWN = 20;

export function MonitorIncidents({ monitor }: { monitor: Monitor }) {
  const { project } = useProject();
  const list = useQuery(
    IncidentService.method.listIncidents,
    { projectId: project.id, monitorId: monitor.id, pageSize: SHOWN },
    { refetchInterval: RENEW_MS },
  );
  return (
    <Card title="Incidents" bare>
      {list.isError && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <IncidentTable
          incidents={list.data?.incidents ?? []}
          loading={list.isPending}
          skeletonRows={2}
          empty={<EmptyState icon={<CircleCheck aria-hidden />} title="No incident so far" text="Each time this monitor goes down stands here, with when and why." />}
        />
      )}
    </Card>
  );
}
