import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { ME_KEY } from "@/api/queryClient";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { useToast } from "@/components/Toast";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import { mayManage } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

export function OrganizationForm({ membership }: { membership: Membership }) {
  const [name, setName] = useState(membership.organizationName);
  const queryClient = useQueryClient();
  const toast = useToast();
  const update = useMutation(OrganizationService.method.updateOrganization, {
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      toast.ok("Organization saved");
    },
  });
  const canManage = mayManage(membership.role);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ organizationId: membership.organizationId, name });
  };
  return (
    <form onSubmit={submit}>
      <Card
        title="Organization"
        description={canManage ? undefined : "Owners and admins can change this."}
        footer={
          canManage && (
            <Button type="submit" variant="primary" loading={update.isPending}>
              Save
            </Button>
          )
        }
      >
        <div className={`stack ${styles.form}`}>
          <FormMessage error={formError(update.error, ["name"])} />
          <TextField label="Name" value={name} onChange={setName} required maxLength={100} disabled={!canManage} error={fieldError(update.error, "name")} />
        </div>
      </Card>
    </form>
  );
}
