import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { useLocation } from "wouter";
import { fieldError, formError } from "@/api/errors";
import { ME_KEY } from "@/api/queryClient";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { TimeZoneField } from "@/features/settings/TimeZoneField";
import { localTimeZone } from "@/format/time";
import { ProjectService } from "@/gen/observe/identity/v1/project_service_pb";
import { useMe } from "@/hooks/useMe";
import { mayManage } from "@/hooks/useProject";

const FORM_ID = "new-project";

export interface NewProjectDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Whose the project will be; asked for if this is not given and there are several. */
  organizationId?: string;
}

/** Makes a project, and leads to the page that shows how to send its first event. */
export function NewProjectDialog({ open, onOpenChange, organizationId: given }: NewProjectDialogProps) {
  const organizations = useMe().memberships.filter((membership) => mayManage(membership.role));
  const [name, setName] = useState("");
  const [timeZone, setTimeZone] = useState(localTimeZone);
  const [chosen, setChosen] = useState("");
  const organizationId = given ?? (chosen || organizations[0]?.organizationId || "");
  const queryClient = useQueryClient();
  const [, navigate] = useLocation();
  const create = useMutation(ProjectService.method.createProject, {
    onSuccess: async ({ project }) => {
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      onOpenChange(false);
      setName("");
      if (project) navigate(`/p/${project.id}/install`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ organizationId, name, timeZone });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New project"
      description="One site or app. Its events, people and keys are kept apart from those of others."
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Create project
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit}>
        <FormMessage error={formError(create.error, ["name", "time_zone"])} />
        <TextField label="Name" value={name} onChange={setName} required maxLength={100} autoFocus error={fieldError(create.error, "name")} />
        <TimeZoneField value={timeZone} onChange={setTimeZone} error={fieldError(create.error, "time_zone")} />
        {given === undefined && organizations.length > 1 && (
          <SelectField
            label="Organization"
            value={organizationId}
            onChange={setChosen}
            options={organizations.map((one) => ({ value: one.organizationId, label: one.organizationName }))}
          />
        )}
      </form>
    </Dialog>
  );
}
