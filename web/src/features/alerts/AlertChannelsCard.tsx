import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Bell, Plus } from "@/components/icons";
import { Skeleton } from "@/components/Skeleton";
import { useToast } from "@/components/Toast";
import { AlertChannelService } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import type { AlertChannel } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { ChannelDialog } from "./ChannelDialog";
import { ChannelRow } from "./ChannelRow";
import { Verify } from "./Verify";
import styles from "./alerts.module.css";

/** Where the project's incidents are told: make, try, change, remove. */
export function AlertChannelsCard() {
  const { project, membership } = useProject();
  const canChange = mayChange(membership.role);
  const list = useQuery(AlertChannelService.method.listAlertChannels, { projectId: project.id });
  const [editing, setEditing] = useState<AlertChannel | "new">();
  const [deleting, setDeleting] = useState<AlertChannel>();
  const toast = useToast();
  const remove = useMutation(AlertChannelService.method.deleteAlertChannel, {
    onSuccess: async () => {
      await list.refetch();
      setDeleting(undefined);
      toast.ok("Alert channel deleted");
    },
  });
  const ask = (channel: AlertChannel) => {
    remove.reset();
    setDeleting(channel);
  };
  const channels = list.data?.alertChannels ?? [];
  const make = canChange && (
    <Button icon={<Plus aria-hidden />} onClick={() => setEditing("new")}>
      New channel
    </Button>
  );
  return (
    <Card title="Alert channels" description="Every incident that opens or closes is told to each of these." actions={channels.length > 0 && make} bare>
      {list.isError && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div className={styles.waiting} role="status" aria-label="Loading alert channels">
          <Skeleton width="40%" />
          <Skeleton width="65%" />
        </div>
      ) : channels.length === 0 ? (
        <EmptyState
          icon={<Bell aria-hidden />}
          title="Nobody is told yet"
          text="A webhook gets a signed message in JSON whenever an incident opens or closes, and gets it again until it has taken it."
          action={make}
        />
      ) : (
        <>
          <ul className={styles.channels} aria-label="Alert channels">
            {channels.map((channel) => (
              <ChannelRow key={channel.id} channel={channel} canChange={canChange} onEdit={() => setEditing(channel)} onDelete={() => ask(channel)} />
            ))}
          </ul>
          <Verify />
        </>
      )}
      {editing && <ChannelDialog channel={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} onSaved={() => void list.refetch()} />}
      <ConfirmDialog
        open={deleting !== undefined}
        onOpenChange={() => setDeleting(undefined)}
        title="Delete this alert channel"
        text={`“${deleting?.name}” hears of no incident any more, and what still waits to be delivered to it is dropped. Its secret is gone for good.`}
        confirmLabel="Delete channel"
        danger
        typeToConfirm={deleting?.name}
        loading={remove.isPending}
        error={remove.error ? readError(remove.error).message : undefined}
        onConfirm={() => deleting && remove.mutate({ projectId: project.id, alertChannelId: deleting.id })}
      />
    </Card>
  );
}
