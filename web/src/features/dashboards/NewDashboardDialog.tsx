import { useMutation } from "@connectrpc/connect-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { NAME_MAX } from "./draft";

const FORM_ID = "new-dashboard";

/** Makes an empty dashboard, and leads to it, ready to be filled. */
export function NewDashboardDialog({ onClose }: { onClose: () => void }) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const forget = useForget(DashboardService);
  const create = useMutation(DashboardService.method.createDashboard, {
    onSuccess: ({ dashboard }) => {
      void forget();
      navigate(path(`dashboards/${dashboard?.id ?? ""}?edit=1`));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ projectId: project.id, dashboard: { name: name.trim() } });
  };
  const nameError = create.error ? readError(create.error).fields["dashboard.name"] : undefined;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="New dashboard"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" disabled={name.trim() === ""} loading={create.isPending}>
            Create dashboard
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit}>
        <FormMessage error={nameError ? undefined : formError(create.error, [])} />
        <TextField label="Name" value={name} onChange={setName} required maxLength={NAME_MAX} autoFocus autoComplete="off" error={nameError} />
      </form>
    </Dialog>
  );
}
