import { useMutation } from "@connectrpc/connect-query";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { said } from "@/features/people/person";
import { type Dashboard, DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";

/** Asks before a dashboard is removed. */
export function DeleteDashboardDialog({ dashboard, onClose }: { dashboard: Dashboard; onClose: () => void }) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const forget = useForget(DashboardService);
  const remove = useMutation(DashboardService.method.deleteDashboard, {
    onSuccess: () => {
      navigate(path("dashboards"));
      void forget();
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${said(dashboard.name)}`}
      text={`The dashboard is gone for good; the insights on it stay.${dashboard.shared ? " The link that was shared ends." : ""}`}
      confirmLabel="Delete dashboard"
      danger
      typeToConfirm={dashboard.name}
      loading={remove.isPending}
      error={remove.error ? readError(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ projectId: project.id, dashboardId: dashboard.id })}
    />
  );
}
