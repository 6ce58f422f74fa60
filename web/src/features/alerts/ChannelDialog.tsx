import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { SecretOnce } from "@/features/settings/SecretOnce";
import { AlertChannelService } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import type { AlertChannel } from "@/gen/observe/monitor/v1/alert_channel_service_pb";
import { useProject } from "@/hooks/useProject";
import { placeChannelProblems } from "./channelProblems";

const FORM_ID = "alert-channel";

export interface ChannelDialogProps {
  /** The channel to change; a new one without. */
  channel: AlertChannel | undefined;
  onClose: () => void;
  onSaved: () => void;
}

/** Makes a webhook, and shows its secret once; or changes one. */
export function ChannelDialog({ channel, onClose, onSaved }: ChannelDialogProps) {
  const { project } = useProject();
  const [name, setName] = useState(channel?.name ?? "");
  const [url, setUrl] = useState(channel?.address.case === "webhook" ? channel.address.value.url : "");
  const create = useMutation(AlertChannelService.method.createAlertChannel, { onSuccess: onSaved });
  const update = useMutation(AlertChannelService.method.updateAlertChannel, {
    onSuccess: () => {
      onSaved();
      onClose();
    },
  });
  if (create.data) {
    const text = "Copy it now: it cannot be shown again. With it the receiver knows that a message comes from Observe.";
    return <SecretOnce open title="The signing secret" text={text} label="Copy secret" secret={create.data.secret} onClose={onClose} />;
  }
  const save = channel ? update : create;
  const { fields, form } = placeChannelProblems(save.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const alertChannel = { id: channel?.id ?? "", name: name.trim(), address: { case: "webhook", value: { url: url.trim() } } } as const;
    save.mutate({ projectId: project.id, alertChannel });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={channel ? "Edit alert channel" : "New alert channel"}
      description={channel ? "The secret stays as it is." : "A webhook: a program of yours, or of a service, that takes messages by HTTP."}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" loading={save.isPending}>
            {channel ? (channel.disabledReason ? "Save and enable" : "Save") : "Create channel"}
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit} noValidate>
        <FormMessage error={form} />
        <TextField label="Name" placeholder="On-call bot" value={name} onChange={setName} maxLength={200} autoFocus autoComplete="off" error={fields.name} />
        <TextField
          label="Address"
          hint="Gets POST requests. Private addresses are refused, unless this installation allows them."
          type="url"
          inputMode="url"
          placeholder="https://example.com/hooks/observe"
          value={url}
          onChange={setUrl}
          maxLength={2_000}
          autoComplete="off"
          spellCheck={false}
          error={fields.url}
        />
      </form>
    </Dialog>
  );
}
