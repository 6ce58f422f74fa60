import { useMutation } from "@connectrpc/connect-query";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { useToast } from "@/components/Toast";
import { said } from "@/features/people/person";
import { type Dashboard, DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import styles from "./dashboards.module.css";

interface Props {
  dashboard: Dashboard;
  name: string;
  onClose(): void;
}

/** Makes the link by which anybody can look at a dashboard, and ends it. */
export function ShareDialog({ dashboard, name, onClose }: Props) {
  const { project } = useProject();
  const toast = useToast();
  const forget = useForget(DashboardService);
  const which = { projectId: project.id, dashboardId: dashboard.id };
  const share = useMutation(DashboardService.method.shareDashboard, { onSuccess: () => void forget() });
  const unshare = useMutation(DashboardService.method.unshareDashboard, {
    onSuccess: () => {
      void forget();
      onClose();
      toast.ok("The link has ended");
    },
  });
  const link = share.data && `${window.location.origin}/shared/${share.data.shareToken}`;
  const error = share.error ?? unshare.error;
  const isShared = dashboard.shared || link !== undefined;
  return (
    <Dialog
      wide
      open
      onOpenChange={onClose}
      title={`Share ${said(name)}`}
      description="Anybody with the link can see the names on this dashboard and the answers to its questions, without an account. Nobody can change anything by it, or see the people behind a number."
      footer={
        <>
          {isShared && (
            <Button variant="danger" className={styles.endLink} loading={unshare.isPending} onClick={() => unshare.mutate(which)}>
              End the link
            </Button>
          )}
          <Button onClick={onClose}>{link ? "Done" : "Cancel"}</Button>
          {!link && (
            <Button variant="primary" loading={share.isPending} onClick={() => share.mutate(which)}>
              {isShared ? "Make another link" : "Make a link"}
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        <FormMessage error={error ? readError(error).message : undefined} />
        {link ? (
          <>
            <div className={styles.link}>
              <code>{link}</code>
              <CopyButton text={link} label="Copy link" words size="s" />
            </div>
            <p className="muted">Copy it now: it cannot be shown again. Another one can be made at any time; this one ends then.</p>
          </>
        ) : (
          <p className="muted">{isShared ? "There is a link. It was shown once and cannot be shown again; another one ends it." : "There is no link at the moment."}</p>
        )}
      </div>
    </Dialog>
  );
}
