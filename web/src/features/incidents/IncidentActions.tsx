import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { Check, Eye } from "@/components/icons";
import { useToast } from "@/components/Toast";
import { useForgetMonitors } from "@/features/uptime/useMonitors";
import { Incident_Kind, IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import type { Incident } from "@/gen/observe/monitor/v1/incident_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";

/** Saying that one looks after it, and closing it by hand. */
export function IncidentActions({ incident }: { incident: Incident }) {
  const { project, membership } = useProject();
  const [closing, setClosing] = useState(false);
  const toast = useToast();
  const forget = useForgetMonitors();
  const request = { projectId: project.id, incidentId: incident.id };
  const acknowledge = useMutation(IncidentService.method.acknowledgeIncident, {
    onSuccess: forget,
    onError: (error) => {
      toast.bad(readError(error).message);
      void forget();
    },
  });
  const resolve = useMutation(IncidentService.method.resolveIncident, {
    onSuccess: async () => {
      await forget();
      setClosing(false);
      toast.ok("Incident resolved");
    },
  });
  if (incident.closedTime || !mayChange(membership.role)) return null;
  return (
    <>
      {!incident.acknowledgedTime && (
        <Button variant="primary" icon={<Eye aria-hidden />} loading={acknowledge.isPending} onClick={() => acknowledge.mutate(request)}>
          Acknowledge
        </Button>
      )}
      <Button icon={<Check aria-hidden />} onClick={() => setClosing(true)}>
        Resolve
      </Button>
      <ConfirmDialog
        open={closing}
        onOpenChange={(open) => {
          resolve.reset();
          setClosing(open);
        }}
        title="Resolve this incident"
        text={`It closes by itself when ${CLOSES_WHEN[incident.kind] ?? "its cause is over"}. Closed by hand, another one opens when it happens again.`}
        confirmLabel="Resolve"
        loading={resolve.isPending}
        error={resolve.error ? readError(resolve.error).message : undefined}
        onConfirm={() => resolve.mutate(request)}
      />
    </>
  );
}

const CLOSES_WHEN: Partial<Record<Incident_Kind, string>> = {
  [Incident_Kind.MONITOR_DOWN]: "the monitor is up again",
  [Incident_Kind.ERROR_SPIKE]: "the error is as rare as it used to be",
  [Incident_Kind.ENDPOINT_FAILING]: "the endpoint answers as it used to",
  [Incident_Kind.ENDPOINT_SLOW]: "the endpoint is as fast as it used to be",
};
