import { useMutation } from "@connectrpc/connect-query";
import { readError } from "@/api/errors";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { IconButton } from "@/components/IconButton";
import { Pencil, Trash2 } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { AlertChannelService } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import type { AlertChannel, DeliveryAttempt } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import { useProject } from "@/hooks/useProject";
import styles from "./alerts.module.css";

export interface ChannelRowProps {
  channel: AlertChannel;
  canChange: boolean;
  onEdit: () => void;
  onDelete: () => void;
}

/** One channel: where it leads, how the last delivery went, and a test. */
export function ChannelRow({ channel, canChange, onEdit, onDelete }: ChannelRowProps) {
  const { project } = useProject();
  const test = useMutation(AlertChannelService.method.testAlertChannel);
  const attempt = test.data?.attempt;
  return (
    <li className={styles.channel}>
      <div className={styles.words}>
        <p className={styles.name}>
          <span>{channel.name}</span>
          {channel.disabledReason && (
            <Badge tone="bad" shape="●">
              Disabled
            </Badge>
          )}
        </p>
        <p className={styles.url}>{channel.address.case === "webhook" ? channel.address.value.url : ""}</p>
        {channel.disabledReason ? (
          <p className={styles.bad}>
            {sentence(channel.disabledReason)} {canChange && "Edit and save it to enable it again."}
          </p>
        ) : (
          <LastDelivery attempt={channel.lastAttempt} />
        )}
        <div aria-live="polite">
          {attempt && (
            <p className={attempt.delivered ? styles.ok : styles.bad}>
              Test: <Outcome attempt={attempt} />
            </p>
          )}
          {test.error && <p className={styles.bad}>Not tested: {readError(test.error).message}</p>}
        </div>
      </div>
      {canChange && (
        <div className={styles.actions}>
          <Button size="s" loading={test.isPending} onClick={() => test.mutate({ projectId: project.id, alertChannelId: channel.id })}>
            Send a test
          </Button>
          <IconButton size="s" label={`Edit ${channel.name}`} icon={<Pencil />} onClick={onEdit} />
          <IconButton size="s" label={`Delete ${channel.name}`} icon={<Trash2 />} onClick={onDelete} />
        </div>
      )}
    </li>
  );
}

function LastDelivery({ attempt }: { attempt: DeliveryAttempt | undefined }) {
  if (!attempt) return <p className={styles.note}>Nothing was sent to it yet.</p>;
  return (
    <p className={attempt.delivered ? styles.note : styles.bad}>
      Last delivery <RelativeTime time={attempt.time} />: <Outcome attempt={attempt} />
    </p>
  );
}

function Outcome({ attempt: { delivered, statusCode, message } }: { attempt: DeliveryAttempt }) {
  const status = statusCode > 0 ? `status ${statusCode}` : "";
  return delivered ? (
    <>
      <span aria-hidden>✓ </span>delivered{status && `, ${status}`}
    </>
  ) : (
    <>
      <span aria-hidden>✕ </span>not delivered{message ? `: ${message}` : status && `: ${status}`}
    </>
  );
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
