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
import { TextField } from "@/components/TextField";
import { organizationPath } from "@/features/settings/organizationPath";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";

const FORM_ID = "new-organization";

/** Makes an organization, and leads to its settings, where its first project is made and others are invited. */
export function NewOrganizationDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [name, setName] = useState("");
  const queryClient = useQueryClient();
  const [, navigate] = useLocation();
  const create = useMutation(OrganizationService.method.createOrganization, {
    onSuccess: async ({ organization }) => {
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      onOpenChange(false);
      setName("");
      if (organization) navigate(organizationPath(organization.id));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New organization"
      description="Projects and members of their own. You will be its owner."
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Create organization
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit}>
        <FormMessage error={formError(create.error, ["name"])} />
        <TextField label="Name" value={name} onChange={setName} required maxLength={100} autoFocus error={fieldError(create.error, "name")} />
      </form>
    </Dialog>
  );
}
