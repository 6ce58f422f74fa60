import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { Button, LinkButton } from "@/components/Button";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { Pause, Pencil, Play, Trash2 } from "@/components/icons";
import { useToast } from "@/components/Toast";
import { Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Monitor } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { useForgetMonitors } from "./useMonitors";

/** What can be done with a monitor. */
export function MonitorActions({ monitor }: { monitor: Monitor }) {
  const { project, path, membership } = useProject();
  const [, navigate] = useLocation();
  const [deleting, setDeleting] = useState(false);
  const toast = useToast();
  const forget = useForgetMonitors();
  const request = { projectId: project.id, monitorId: monitor.id };
  const failed = (error: unknown) => toast.bad(readError(error).message);
  const pause = useMutation(MonitorService.method.pauseMonitor, { onSuccess: forget, onError: failed });
  const resume = useMutation(MonitorService.method.resumeMonitor, { onSuccess: forget, onError: failed });
  const remove = useMutation(MonitorService.method.deleteMonitor, {
    onSuccess: () => {
      toast.ok("Monitor deleted");
      navigate(path("uptime"));
      void forget();
    },
  });
  if (!mayChange(membership.role)) return null;
  const isPaused = monitor.state === Monitor_State.PAUSED;
  return (
    <>
      <LinkButton to={path(`uptime/${monitor.id}/edit`)} icon={<Pencil aria-hidden />}>
        Edit
      </LinkButton>
      {isPaused ? (
        <Button icon={<Play aria-hidden />} loading={resume.isPending} onClick={() => resume.mutate(request)}>
          Resume
        </Button>
      ) : (
        <Button icon={<Pause aria-hidden />} loading={pause.isPending} onClick={() => pause.mutate(request)}>
          Pause
        </Button>
      )}
      <Button variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      <ConfirmDialog
        open={deleting}
        onOpenChange={(open) => {
          remove.reset();
          setDeleting(open);
        }}
        title="Delete this monitor"
        text={`“${monitor.name}” goes with all its checks and its history of latency and uptime. ${monitor.incidentId ? "Its open incident is closed; incidents" : "Incidents"} of the past stay. To stop checking for a while, pause it instead.`}
        confirmLabel="Delete monitor"
        danger
        typeToConfirm={monitor.name}
        loading={remove.isPending}
        error={remove.error ? readError(remove.error).message : undefined}
        onConfirm={() => remove.mutate(request)}
      />
    </>
  );
}
