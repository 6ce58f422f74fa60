import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { SecretOnce } from "@/features/settings/SecretOnce";
import { ROLES, roleOf, rolesWithin } from "@/features/settings/roles";
import type { RoleName } from "@/features/settings/roles";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import { InvitationService } from "@/gen/observe/identity/v1/invitation_service_pb";

const FORM_ID = "invite";

export interface InviteDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  membership: Membership;
  onMade: () => void;
}

export function InviteDialog({ open, onOpenChange, membership, onMade }: InviteDialogProps) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<RoleName>("member");
  const create = useMutation(InvitationService.method.createInvitation, { onSuccess: onMade });
  const close = () => {
    onOpenChange(false);
    setEmail("");
    create.reset();
  };
  if (create.data) {
    const link = `${window.location.origin}/invite/${create.data.token}`;
    return (
      <SecretOnce open={open} title="The invitation" text="Send this link. It is shown only now, works once, and ends in 7 days." label="Copy link" secret={link} onClose={close} />
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ organizationId: membership.organizationId, email, role: roleOf(role) });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title={`Invite to ${membership.organizationName}`}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Create link
          </Button>
        </>
      }
    >
      <form id={FORM_ID} className="stack" onSubmit={submit}>
        <FormMessage error={formError(create.error, ["email", "role"])} />
        <TextField
          label="E-mail (optional)"
          hint="To know later for whom the link was. Nothing is sent."
          type="email"
          value={email}
          onChange={setEmail}
          autoFocus
          autoComplete="off"
          error={fieldError(create.error, "email")}
        />
        <SelectField
          label="Role"
          hint={ROLES.find((one) => one.value === role)?.may}
          value={role}
          onChange={setRole}
          options={rolesWithin(membership.role)}
          error={fieldError(create.error, "role")}
        />
      </form>
    </Dialog>
  );
}
